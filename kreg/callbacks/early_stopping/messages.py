"""What EarlyStopping says: sentences for people, and the error for a monitor that is not there."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kreg import check

if TYPE_CHECKING:
    from kreg.callbacks.early_stopping.early_stopping import EarlyStopping

ADVICE = (
    "Without validation data there is nothing to stop by: pass `validation_data` to `fit` or "
    "`validation=(x, y)` here. With `fit(validation_freq=n)` pass validation_freq=n here as well. "
    "A kreg.Diagnostics must come before kreg.EarlyStopping in the list."
)
LOGGED_INSTEAD = (
    "val_clean_loss cannot be measured ({}), so val_loss decides when to stop, and no epoch is "
    "restored by it. Pass `validation=(x, y)`, or monitor='val_loss' to restore by that."
)
SECOND_VALLEY = (
    "{} is falling again: this may be the first valley of an epoch-wise double descent (Nakkiran "
    "et al. 2020); a longer training may be worth a try."
)


def missing(monitor: str, logs: Mapping[str, Any]) -> ValueError:
    """The error for a monitored name that the logs do not have."""
    near = check.did_you_mean(monitor, logs)
    known = ", ".join(sorted(logs)) or "nothing"
    return check.invalid(
        "monitor", f"a name in the logs ({known})", monitor, f"{near} {ADVICE}".strip()
    )


def no_refined(problem: str) -> ValueError:
    """The error for `criterion="refine"` where nothing can be refined."""
    why = problem or "A kreg.Diagnostics with validation rows must come before, or pass them here."
    return ValueError(
        f"val_refined_loss is monitored and was not measured. {why.rstrip('.')}. Monitor "
        "`val_clean_loss` instead."
    )


def no_examples(rule: object) -> ValueError:
    """The error for a rule that compares single rows where there are none."""
    return ValueError(
        f"The stopping rule `{rule}` compares the losses of single validation rows, and there are "
        "none. Pass `validation=(x, y)` to kreg.EarlyStopping, or put a kreg.Diagnostics with "
        "validation rows before it in the list of callbacks."
    )


def summary(stop: "EarlyStopping") -> str:
    """Where an `EarlyStopping` stopped, or would have, and why."""
    if stop.would_stop_epoch is not None:
        verb = "would have stopped" if stop.dry_run else "stopped"
        return f"EarlyStopping: {verb} after epoch {stop.would_stop_epoch + 1}. {stop.sentence}"
    best = f"{stop.monitor} had no finite value." if stop.recent else "No epoch was looked at."
    if stop.best is not None:
        best = f"Best {stop.monitor} {stop.best:.4g} at epoch {stop.best_epoch + 1}."
    return f"EarlyStopping: training {stop.stop_reason}, no stop. {best}"


def falls_again(values: Sequence[float], mode: str) -> bool:
    """Whether each of the last three values is better than the one before.

    >>> falls_again([3.0, 2.9, 2.8, 2.7], "min")
    True
    """
    costs = [v if mode == "min" else -v for v in values[-4:]]
    finite = len(costs) == 4 and all(map(math.isfinite, costs))
    return finite and costs[0] > costs[1] > costs[2] > costs[3]
