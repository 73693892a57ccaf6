"""What limits a training on picture files: the model, or reading and augmenting its pictures."""

import itertools
import time
from collections.abc import Iterable
from typing import Any

from kreg.training.plan import Plan

BATCHES, SECONDS = 20, 1.0  # that the input pipeline is measured at most


def of(plan: Plan, stream: Iterable[Any], epochs: int, seconds: float) -> dict[str, Any] | None:
    """Pictures a second in training and of the input pipeline alone; `None` but for files.

    Args:
        plan: The training.
        stream: The batches that it has read; some more of them are read here, and not trained on.
        epochs: That this process has trained.
        seconds: That they took, with their validation and everything else.
    """
    from kreg.data.dataset import is_lazy

    if not is_lazy(plan.data.train.x) or epochs < 1:
        return None
    trained = epochs * plan.budget.passes * len(plan.data.train) / seconds
    alone = rate(stream)
    share = min(1.0, trained / alone)
    told = (
        f"{trained:,.0f} a second in training, {alone:,.0f} by the input pipeline alone: it takes "
        f"{share:.0%} of the time"
    )
    return {"per_second": trained, "input_per_second": alone, "share": share, "told": told}


def rate(stream: Iterable[Any]) -> float:
    """Rows a second of a stream that nobody waits for."""
    began, rows = time.perf_counter(), 0
    for batch in itertools.islice(stream, BATCHES):
        rows += len(batch[1])
        if time.perf_counter() - began > SECONDS:
            break
    return rows / max(time.perf_counter() - began, 1e-9)
