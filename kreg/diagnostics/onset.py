"""Since when: the best epoch, and the epochs that cannot be told from it."""

import math

import numpy as np

from kreg.diagnostics.series import Series
from kreg.diagnostics.statistics import paired_z


def z_curve(series: Series, best: int) -> np.ndarray:
    """Paired z of every epoch against the best one, shape (t,); NaN without per-example losses."""
    base = series.examples[best]
    return np.array(
        [
            math.nan if base is None or rows is None else paired_z(rows, base)
            for rows in series.examples
        ]
    )


def interval(series: Series, best: int, z: float) -> tuple[int, int] | None:
    """First and last epoch of the unbroken stretch around the best with |paired z| < z.

    `None` without per-example losses: then nothing is known about it.
    """
    if series.examples[best] is None:
        return None
    same = np.abs(z_curve(series, best)) < z
    low = high = best
    while low > 0 and same[low - 1]:
        low -= 1
    while high + 1 < len(series) and same[high + 1]:
        high += 1
    return int(series.epochs[low]), int(series.epochs[high])
