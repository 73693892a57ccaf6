"""How much each group of a group lasso counts: numbers of the user's, or the groups' own norms."""

from collections.abc import Sequence

import numpy as np
from keras import ops

from kreg import check
from kreg.regularizers.prox import Tensor

FLOOR = 0.1  # of the mean norm: a group that is zero weighs 11 times the average one, not infinity


def checked(weights: Sequence[float] | None) -> list[float] | None:
    """One number >= 0 a group as plain floats, or `None`."""
    if weights is None:
        return None
    expected = "None or a list of numbers >= 0, one for each group"
    try:
        values = np.asarray(weights, "float64")
    except (TypeError, ValueError):
        raise check.invalid("weights", expected, weights) from None
    if values.ndim != 1 or not values.size or not np.all(np.isfinite(values) & (values >= 0)):
        raise check.invalid("weights", expected, weights)
    return [float(value) for value in values]


def from_norms(norms: Tensor, power: float) -> Tensor:
    """`((m + e) / (norm + e)) ** power`, m the mean norm of the groups that are not zero, e = m/10.

    A group of average size counts once, a smaller one more, a larger one less. Where all groups
    are zero, each counts once.

    Args:
        norms: Norms of the groups, any shape.
        power: Number > 0.
    """
    norms = ops.stop_gradient(norms)
    alive = ops.sum(ops.cast(norms > 0, norms.dtype))
    mean = ops.sum(norms) / ops.maximum(alive, 1.0)
    mean = ops.where(alive > 0, mean, 1.0)
    norms = ops.where(alive > 0, norms, 1.0)
    return ((1.0 + FLOOR) * mean / (norms + FLOOR * mean)) ** power
