"""The few statistics that the verdict and the stopping rules share. Pure functions of arrays."""

import functools
import math

import numpy as np
from numpy.typing import ArrayLike


def paired_se(difference: ArrayLike) -> float:
    """`sd(d) / sqrt(n)` of differences d of shape (n,), infinite for fewer than two.

    NaN where one of them is not finite.

    Only the paired error can date an onset: between neighbouring epochs it is about 15 times
    smaller than the standard error of the validation loss itself.
    """
    difference = np.asarray(difference, dtype=float)
    if difference.size < 2:
        return math.inf
    with np.errstate(invalid="ignore", over="ignore"):
        return float(difference.std(ddof=1) / math.sqrt(difference.size))


def paired_z(later: ArrayLike, earlier: ArrayLike) -> float:
    """`z = mean(d) / (sd(d) / sqrt(n))` with `d = later - earlier`, both of shape (n,).

    Positive when the later losses are higher. 0 when nothing differs; NaN when a loss is not
    finite or fewer than two rows are given.

    >>> round(paired_z(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 2.0])), 3)
    1.732
    """
    with np.errstate(invalid="ignore"):
        d = np.asarray(later, dtype=float) - np.asarray(earlier, dtype=float)
    if d.size < 2 or not np.isfinite(d).all():
        return math.nan
    mean, error = float(d.mean()), paired_se(d)
    if error == 0:
        return 0.0 if mean == 0 else math.copysign(math.inf, mean)
    return mean / error


@functools.lru_cache(maxsize=64)
def pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions `(i, j)`, i < j, of all pairs of n values; every check of a walk asks for them."""
    i, j = np.triu_indices(n, 1)
    i.flags.writeable = j.flags.writeable = False
    return i, j


def mann_kendall(values: ArrayLike) -> float:
    """`z = (S - sign S) / sqrt(var S)`, `S = sum_{i<j} sign(v_j - v_i)`: is the series rising?

    Args:
        values: Array of shape (n,), finite, n >= 2. Ties are corrected for.

    Source: Mann 1945; Kendall 1975.

    >>> mann_kendall(np.arange(8.0)) > 1.64, mann_kendall(np.zeros(8))
    (True, 0.0)
    """
    values = np.asarray(values, dtype=float)
    n = values.size
    s = float(np.sign(values[None, :] - values[:, None])[pairs(n)].sum())
    ties = np.unique(values, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    return 0.0 if variance <= 0 else float((s - np.sign(s)) / math.sqrt(variance))


def theil_sen(times: ArrayLike, values: ArrayLike) -> float:
    """The median of all pairwise slopes `(v_j - v_i) / (t_j - t_i)`; 0 for fewer than two points.

    One outlier among six points cannot turn its sign. Source: Theil 1950; Sen 1968.

    >>> theil_sen(range(6), [0.0, 1.0, 2.0, 3.0, 4.0, 99.0])
    1.0
    """
    times, values = np.array(times, dtype=float), np.array(values, dtype=float)
    i, j = pairs(times.size)
    if i.size == 0:
        return 0.0
    slopes = (values[j] - values[i]) / (times[j] - times[i])
    middle, half = np.sort(slopes), (slopes.size - 1) // 2
    # the mean of the two middle slopes, written so that it is exactly odd in the values
    return float((middle[half] + middle[slopes.size - 1 - half]) / 2)


def typical(values: np.ndarray, t: int, window: int) -> float:
    """The median of the last `window` finite values at position t: one epoch may jitter."""
    recent = values[max(0, t + 1 - window) : t + 1]
    finite = recent[np.isfinite(recent)]
    return float(np.median(finite)) if finite.size else math.nan
