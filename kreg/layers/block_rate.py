"""How many blocks to draw so that, overlaps counted, exactly the asked fraction is dropped."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

BISECTIONS = 60


def coverage(sizes: Sequence[int], blocks: Sequence[int]) -> NDArray[np.int_]:
    """How many of the blocks that lie inside a map cover each of its positions.

    Args:
        sizes: Spatial sizes of the map.
        blocks: Block sizes, none larger than the map.

    >>> coverage((5,), (3,)).tolist()
    [1, 2, 3, 2, 1]
    """
    counts = np.ones((), dtype=int)
    for size, block in zip(sizes, blocks, strict=True):
        at = np.arange(size)
        axis = np.minimum(at, size - block) - np.maximum(at - block + 1, 0) + 1
        counts = np.multiply.outer(counts, axis)
    return counts


def gamma(rate: ArrayLike, sizes: Sequence[int], blocks: Sequence[int]) -> NDArray[np.float64]:
    """The `g` at which the mean over all positions of `1 - (1 - g) ** coverage` is `rate`.

    The paper's closed form `rate / block**2 * size**2 / (size - block + 1)**2` ignores that blocks
    overlap and drops less than `rate`; this is the exact solution, found by bisection.

    >>> float(gamma(0.25, (4,), (1,)).round(12))
    0.25
    """
    counts, times = np.unique(coverage(sizes, blocks), return_counts=True)
    share = times / times.sum()
    rate = np.asarray(rate, dtype=float)
    low, high = np.zeros_like(rate), np.ones_like(rate)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        dropped = 1 - ((1 - middle[..., None]) ** counts) @ share
        low, high = np.where(dropped < rate, middle, low), np.where(dropped < rate, high, middle)
    return (low + high) / 2


@functools.lru_cache(maxsize=1024)
def constant(rate: float, sizes: tuple[int, ...], blocks: tuple[int, ...]) -> float:
    """`gamma` for one rate, remembered."""
    return float(gamma(rate, sizes, blocks))


@functools.lru_cache(maxsize=256)
def table(
    low: float, high: float, sizes: tuple[int, ...], blocks: tuple[int, ...], points: int = 257
) -> NDArray[np.float32]:
    """`gamma` at equal steps of the rate from `low` to `high`: a scheduled rate interpolates."""
    return gamma(np.linspace(low, high, points), sizes, blocks).astype("float32")
