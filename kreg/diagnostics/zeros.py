"""Do the exact zeros of a penalty still grow? Then the training is not at its end.

A lasso removes weights long after the validation loss has come to rest: what such a run calls
selected is what has not been removed yet.
"""

import numpy as np

from kreg.diagnostics.record import Record

WINDOW = 8  # measured epochs
GROWTH = 0.02  # share of the weights that were left, which became zero within the window


def growing(record: Record) -> tuple[float, float] | None:
    """Share of exact zeros a window ago and now, where it still grows; else `None`.

    >>> record = Record(epochs=list(range(1, 11)))
    >>> record.curves["sparsity"] = [0.05 * n for n in range(10)]
    >>> growing(record)
    (0.1, 0.45)
    """
    curve = record.curve("sparsity")
    known = curve[np.isfinite(curve)]
    if len(known) < WINDOW:
        return None
    before, now = float(known[-WINDOW]), float(known[-1])
    middle = float(known[-WINDOW // 2])
    more = now - before > GROWTH * (1 - before) and now > middle
    return (before, now) if more else None


def sentence(found: tuple[float, float]) -> str:
    """What is said about it: two shares, and what they mean for the model."""
    before, now = (f"{100 * share:.1f} %" for share in found)
    return (
        f"The exact zeros still grow, from {before} to {now} over the last {WINDOW} epochs: the "
        "penalty is not at its end, and the model will be sparser when it is. Train on for that, "
        "with stop=none say; a linear model has stop=gap."
    )
