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
    """First and last epoch of the stretch around the best with |paired z| < z.

    One epoch outside does not end it, two in a row do: single epochs jitter. `None` without
    per-example losses: then nothing is known about it.
    """
    if series.examples[best] is None:
        return None
    same = np.abs(z_curve(series, best)) < z
    low = reach(same, best, -1)
    high = reach(same, best, 1)
    return int(series.epochs[low]), int(series.epochs[high])


def reach(same: np.ndarray, start: int, step: int) -> int:
    """The last position in one direction before two in a row differ.

    >>> reach(np.array([True, True, False, True, False, False, True]), 0, 1)
    3
    """
    last = at = start
    while 0 <= at + step < len(same):
        at += step
        if same[at]:
            last = at
        elif abs(at - last) >= 2:
            break
    return last
