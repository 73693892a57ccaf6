"""How small a difference this validation set can see."""

import math
from typing import TypedDict

import numpy as np

from kreg.diagnostics.series import Series
from kreg.diagnostics.statistics import paired_se

Z = 1.96  # two-sided, 5 %


class Resolution(TypedDict):
    """Rows and their spread, and the smallest differences of the loss that they can see."""

    rows: int
    measured: int
    sd: float
    standard_error: float
    between_models: float
    between_epochs: float | None


def detectable(sd: float, n: int) -> float:
    """`delta = 1.96 sd / sqrt(n)`: the smallest mean difference that n examples can see.

    >>> round(detectable(1.0, 400), 3)
    0.098
    """
    return Z * sd / math.sqrt(n) if n else math.inf


def examples_needed(sd: float, delta: float) -> int:
    """`n = (1.96 sd / delta)^2`: how many examples see a difference of delta.

    >>> examples_needed(1.0, 0.098)
    400
    """
    return math.ceil((Z * sd / delta) ** 2) if delta > 0 else 0


def resolution(series: Series, rows: int | None) -> Resolution | None:
    """What can be told apart: two models on this set (unpaired), two epochs of this run (paired).

    Args:
        series: The judged curves.
        rows: Size of the whole validation set; the per-example losses may be fewer.
    """
    best, last = series.best, len(series) - 1
    if best is None or series.examples[last] is None:
        return None
    losses = np.asarray(series.examples[last], dtype=float)
    if losses.size < 2 or not np.isfinite(losses).all():
        return None
    n = int(rows or losses.size)
    sd = float(np.std(losses, ddof=1))
    # two epochs: the best against the last, or against its neighbour when they are the same
    other = best if best != last else max(0, last - 1)
    pair = series.examples[other]
    paired = None
    if pair is not None and other != last:
        error = paired_se(losses - pair) * math.sqrt(losses.size / n)
        paired = Z * error
    return {
        "rows": n,
        "measured": int(losses.size),
        "sd": sd,
        "standard_error": sd / math.sqrt(n),
        "between_models": detectable(sd, n),
        "between_epochs": paired,
    }
