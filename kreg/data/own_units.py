"""From weights on the columns as a model reads them back to the user's own columns."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kreg.data.preprocessing import Columns, Fitted, Standard


def units(fitted: Fitted | None, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(mean, scale)` of each column that a model reads: it is `(own - mean) / scale`.

    Columns of 0 and 1, and those that nobody has scaled, have mean 0 and scale 1.

    Args:
        fitted: What maps the rows of the source, or `None`.
        columns: How many columns the model reads.

    >>> units(Standard.fit([[1.0], [5.0]]), 1)
    (array([3.]), array([2.]))
    """
    if isinstance(fitted, Standard):
        return fitted.mean, fitted.scale
    found = list(_numeric(fitted)) if isinstance(fitted, Columns) else []
    plain = [(0.0, 1.0)] * (columns - len(found))
    mean, scale = np.array(found + plain, float).reshape(-1, 2).T
    return mean, scale


def _numeric(fitted: Columns) -> Iterator[tuple[float, float]]:
    """The numeric columns come first; their indicators and all levels follow."""
    return ((column["mean"], column["scale"]) for column in fitted.numeric)
