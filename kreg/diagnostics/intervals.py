"""How sure a score is: the standard error of a mean, of its root, of a share."""

import math

import numpy as np
from numpy.typing import ArrayLike


def of_mean(values: ArrayLike) -> tuple[float, float]:
    """A mean and its standard error; NaN where one value alone says nothing of the spread.

    >>> of_mean([1.0, 3.0])
    (2.0, 1.0)
    """
    rows = np.asarray(values, float)
    mean = float(rows.mean()) if rows.size else math.nan
    spread = float(rows.std(ddof=1)) if rows.size > 1 else math.nan
    return mean, spread / math.sqrt(rows.size or 1)


def of_root(mean: float, error: float) -> tuple[float, float]:
    """The root of a mean, and its standard error by the delta method: of a rmse, say.

    >>> of_root(4.0, 0.4)
    (2.0, 0.1)
    """
    root = math.sqrt(mean)
    return root, error / (2 * root) if root else error
