"""A number and how sure it is: 95 % intervals of shares, means, errors, areas and ratios.

Shares have Wilson's interval (1927), means a normal one, a rmse and R2 by the delta method, an area
under the ROC curve DeLong's (1988), F1 that of resampled tables.
"""

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg.diagnostics import intervals

Array = NDArray[Any]
Z = 1.959963984540054  # of 95 %
RESAMPLED, CELLS = 2_000, 2_000_000  # tables at most, and cells of all of them together
FEWEST = 200  # tables, however large each is


@dataclasses.dataclass(frozen=True)
class Score:
    """One number, with the interval that holds its true value in 95 of 100 such samples."""

    name: str
    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Value and interval, without the name."""
        return {"value": self.value, "low": self.low, "high": self.high}


def around(
    name: str, value: float, error: float, low: float = -math.inf, high: float = math.inf
) -> Score:
    """A normal interval from a standard error, cut off at the ends of what is possible."""
    return Score(name, value, max(value - Z * error, low), min(value + Z * error, high))


def mean(name: str, each: ArrayLike, low: float = -math.inf, high: float = math.inf) -> Score:
    """A mean with a normal interval, cut off at the ends of what is possible.

    >>> mean("loss", [0.0, 0.0, 0.3], low=0.0).low
    0.0
    """
    return around(name, *intervals.of_mean(each), low, high)


def share(name: str, count: int, rows: int) -> Score:
    """A share with Wilson's interval.

    >>> round(share("accuracy", 10, 10).low, 4)
    0.7225
    """
    p, z2 = count / rows, Z * Z / rows
    middle = (p + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(p * (1 - p) / rows + z2 / (4 * rows)) / (1 + z2)
    return Score(name, p, max(middle - half, 0.0), min(middle + half, 1.0))


def root_mean(name: str, squares: ArrayLike) -> Score:
    """The root of a mean: the ends of the mean's interval, and their roots."""
    square, error = intervals.of_mean(squares)
    low, high = (math.sqrt(max(square + z * error, 0.0)) for z in (-Z, Z))
    return Score(name, math.sqrt(square), low, high)


def r2(name: str, error: Array, known: Array) -> Score | None:
    """`1 - sum(error^2) / sum((known - mean)^2)`; `None` where the truth is one number.

    >>> r2("r2", np.array([0.0, 1.0, 0.0]), np.array([1.0, 2.0, 3.0])).value
    0.5
    """
    squares, spread = error**2, (known - known.mean()) ** 2
    if len(known) < 2 or not spread.mean() > 0:
        return None
    ratio = float(squares.mean() / spread.mean())
    each = (squares - ratio * spread) / spread.mean()
    return around(name, 1 - ratio, intervals.of_mean(each)[1], high=1.0)


def balanced(name: str, right: Array, rows: Array) -> Score:
    """The mean over the classes of the share of their rows that are right.

    Args:
        name: Of the score.
        right: Rows of each class that are told right, `(classes,)`.
        rows: Rows of each class; those without any are left out.
    """
    there = rows > 0
    recall = right[there] / rows[there]
    error = math.sqrt(float((recall * (1 - recall) / rows[there]).sum())) / len(recall)
    return around(name, float(recall.mean()), error, 0.0, 1.0)


def f1(name: str, table: Array, positive: int | None = None) -> Score:
    """The harmonic mean of precision and recall: of one class, or the mean over the classes.

    Args:
        name: Of the score.
        table: How often a row of class `i` is told to be of `j`, `(classes, classes)`.
        positive: The class, or `None` for the mean over those that a row is or is told to be of.
    """
    truth, said = np.nonzero(table)
    counts, rows = table[truth, said], int(table.sum())
    repeats = min(max(CELLS // len(counts), FEWEST), RESAMPLED)
    drawn = np.random.default_rng(0).multinomial(rows, counts / rows, repeats)
    tables = np.vstack([counts, drawn])
    value, *each = _f1(truth, said, tables, len(table), positive).tolist()
    low, high = np.quantile(each, [0.025, 0.975])
    return Score(name, value, float(low), float(high))


def _f1(truth: Array, said: Array, tables: Array, classes: int, positive: int | None) -> Array:
    """Of each table `(tables, cells)`, whose cells are of these truths and answers."""
    right = _sums(tables * (truth == said), truth, classes)
    rows = _sums(tables, truth, classes) + _sums(tables, said, classes)
    each = 2 * right / np.maximum(rows, 1)
    if positive is not None:
        return np.asarray(each[:, positive])
    return np.asarray(each.sum(axis=1) / (rows > 0).sum(axis=1))


def _sums(tables: Array, ids: Array, classes: int) -> Array:
    """The cells of each class together, `(tables, classes)`."""
    order = np.argsort(ids, kind="stable")
    there, first = np.unique(ids[order], return_index=True)
    found = np.zeros((len(tables), classes))
    found[:, there] = np.add.reduceat(tables[:, order], first, axis=1)
    return found


def area(name: str, chance: Array, known: Array) -> Score:
    """The area under the ROC curve: how often a positive row is above a negative one."""
    from scipy.stats import rankdata

    yes, no = chance[known == 1], chance[known == 0]
    rank = rankdata(np.concatenate([yes, no]))
    above = (rank[: len(yes)] - rankdata(yes)) / len(no)
    below = 1 - (rank[len(yes) :] - rankdata(no)) / len(yes)
    spread = sum(v.var(ddof=1) / len(v) for v in (above, below) if len(v) > 1)
    return around(name, float(above.mean()), math.sqrt(spread), 0.0, 1.0)
