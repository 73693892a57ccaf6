"""What limits a training on rows on the disk, or by several: the model, its rows or the sums."""

import itertools
import sys
import time
from collections.abc import Iterable
from typing import Any

from kreg.foreign import memory
from kreg.training.plan import Plan

BATCHES, SECONDS = 500, 1.0  # that the input pipeline is measured at most: a window and more


def of(plan: Plan, stream: Iterable[Any], epochs: float, seconds: float) -> dict[str, Any] | None:
    """Rows a second in training and of the input pipeline alone, and what the sums of workers take.

    `None` where one device trains on rows in memory.

    Args:
        plan: The training.
        stream: The batches that it has read; some more of them are read here, and not trained on.
        epochs: That this process has trained, the rest of one among them.
        seconds: That they took, with their validation and everything else.
    """
    from kreg.data.dataset import is_lazy, on_disk

    several = plan.workers is not None or plan.devices > 1
    if not (several or is_lazy(plan.data.train.x)) or epochs <= 0 or plan.frozen is not None:
        return None
    trained = epochs * plan.budget.passes * len(plan.data.train) / seconds
    alone = rate(stream) * (plan.workers.count if plan.workers else 1)  # each reads its own share
    share = min(1.0, trained / alone)
    told = (
        f"{trained:,.0f} a second in training{by_whom(plan)}, {alone:,.0f} by the input pipeline "
        f"alone: it takes {share:.0%} of the time"
    )
    found = {"of": "pictures" if plan.data.is_image else "rows", "per_second": trained}
    found |= {"input_per_second": alone, "share": share, "told": told}
    found |= of_sums(plan, epochs, seconds, told)
    if on_disk(plan.data.train.x) and (peak := peak_memory()) is not None:
        found |= {"peak_memory": peak, "told": f"{found['told']}; peak memory {memory.told(peak)}"}
    return found


def by_whom(plan: Plan) -> str:
    """Who trains, where it is not one device."""
    if plan.workers:
        return f" by {plan.workers.count} workers"
    return f" by {plan.devices} devices" if plan.devices > 1 else ""


def of_sums(plan: Plan, epochs: float, seconds: float, told: str) -> dict[str, Any]:
    """What the sums of gradients take of the time; nothing where one device trains.

    A sum is measured alone, after the training: one that waits for a slower worker or device takes
    longer. On JAX it is a part of the compiled step, and not measured.
    """
    if plan.workers:
        one, whose = plan.workers.sum_seconds, "workers'"
    elif plan.seconds_of_a_sum is not None:
        one, whose = plan.seconds_of_a_sum(), "devices'"
    else:
        several = "; what the sums of the devices' gradients take is not measured"
        return {"told": told + several} if plan.devices > 1 else {}
    share = min(1.0, one * epochs * plan.steps / seconds)
    sums = f"the sums of the {whose} gradients, measured alone, {share:.0%} ({one:.2g} s each)"
    return {"sum_seconds": one, "sum_share": share, "told": f"{told}; {sums}"}


def peak_memory() -> int | None:
    """The most bytes of memory that this process has had; `None` where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


def rate(stream: Iterable[Any]) -> float:
    """Rows a second of a stream that nobody waits for."""
    began, rows = time.perf_counter(), 0
    for batch in itertools.islice(stream, BATCHES):
        rows += len(batch[1])
        if time.perf_counter() - began > SECONDS:
            break
    return rows / max(time.perf_counter() - began, 1e-9)
