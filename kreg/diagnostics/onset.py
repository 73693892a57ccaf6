"""Since when: the middle of the best stretch, and the epochs that cannot be told from it."""

import numpy as np

from kreg.diagnostics.series import Series
from kreg.diagnostics.statistics import paired_z
from kreg.diagnostics.trailing import WINDOW


def z_curve(series: Series, best: int) -> np.ndarray:
    """Paired z of every epoch against the best one, shape (t,); NaN without per-example losses."""
    base = series.examples[best]
    return np.array(
        [
            np.nan if base is None or rows is None else paired_z(rows, base)
            for rows in series.examples
        ]
    )


def interval(
    series: Series, anchor: int, best: int, z: float, window: int = WINDOW
) -> tuple[int, int] | None:
    """First and last epoch of the stretch around the anchor with |paired z| < z.

    Means of `window` validations are compared, as in the verdict, so that one lucky epoch does not
    look like a date. The position of the smallest single loss belongs to it all the same: nothing
    says that it is worse. `None` without per-example losses: then nothing is known about it.
    """
    examples = [rows for rows in series.examples if rows is not None]
    if len(examples) < len(series):
        return None
    means = centred(np.stack(examples), window)
    base = means[anchor]
    same = np.array([abs(paired_z(row, base)) < z for row in means])
    low, high = min(reach(same, anchor, -1), best), max(reach(same, anchor, 1), best)
    return int(series.epochs[low]), int(series.epochs[high])


def centred(rows: np.ndarray, window: int) -> np.ndarray:
    """Means over `window` neighbouring rows, fewer at the ends; shape as the input.

    >>> centred(np.array([[0.0], [3.0], [6.0]]), 3).ravel()
    array([1.5, 3. , 4.5])
    """
    half, count = window // 2, len(rows)
    # a row that is not finite must not spoil the sums of all later ones
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(np.nan_to_num(rows), axis=0)])
    first = np.maximum(np.arange(count) - half, 0)
    last = np.minimum(np.arange(count) + half + 1, count)
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None])


def reach(same: np.ndarray, start: int, step: int) -> int:
    """The last position in one direction before two in a row differ: single ones jitter.

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
