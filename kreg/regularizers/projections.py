"""Sets that a weight never leaves: penalties whose proximal map is a projection.

Keras applies its constraints after the optimizer's step, so that momentum pushes against them. Here
the optimizer moves the hidden point, and the weight is its projection: at the end the gradient is
balanced by the constraint, exactly, whatever metric or momentum the optimizer has.
"""

import math
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.regularizers import prox
from kreg.regularizers.group_lasso import Grouped
from kreg.regularizers.options import BOUND, NORM
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor

EPSILON = {"bfloat16": 2**-7, "float16": 2**-10, "float32": 2**-23, "float64": 2**-52}


class Projection(Penalty):
    """0 inside a set, which a weight has entered after the first step; it has no strength."""

    has_sharp = True
    needs_proximal = "that takes the step of its projection"

    def project(self, z: Tensor) -> Tensor:
        raise NotImplementedError

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.zeros((), w.dtype)

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return self.project(z)

    def averaged(self, average: Tensor, w: Tensor) -> Tensor:
        return self.project(average)


@keras.saving.register_keras_serializable(package="kreg")
class Box(Projection):
    """`low <= w <= high`, never left by a single weight.

    Args:
        low: Number, or `None` (default) for no bound.
        high: Number above `low`, or `None` (default) for no bound.

    Raises:
        ValueError: If there is no bound, or no room between the bounds.

    >>> Box(-1, 1).prox([2.0, 0.5, -3.0]).numpy()
    array([ 1. ,  0.5, -1. ], dtype=float32)
    """

    def __init__(self, low: float | None = None, high: float | None = None):
        self.low = None if low is None else check.number("low", low, **BOUND)
        self.high = None if high is None else check.number("high", high, **BOUND)
        below, above = self.bounds()
        if below >= above or (low is high is None):
            raise check.invalid("low, high", "two numbers, `low` below `high`, or one", (low, high))

    def bounds(self) -> tuple[float, float]:
        below, above = self.low, self.high
        return (-math.inf if below is None else below), (math.inf if above is None else above)

    def project(self, z: Tensor) -> Tensor:
        return ops.clip(z, *self.bounds())

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        below, above = self.bounds()
        outside = ops.where(w >= above, ops.maximum(z - w, 0.0), 0.0)
        return ops.where(w <= below, ops.minimum(z - w, 0.0), outside)

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="kreg")
class NonNegative(Box):
    """`w >= 0`: many weights are exactly zero, as in non-negative least squares.

    >>> NonNegative().prox([2.0, -3.0]).numpy()
    array([2., 0.], dtype=float32)
    """

    with_cap = True

    def __init__(self) -> None:
        super().__init__(low=0.0)

    def get_config(self) -> dict[str, Any]:
        return {}


class Norms(Projection, Grouped):
    """Sets of groups by their Euclidean norm."""

    def __init__(self, axis: int):
        self.axis = check.integer("axis", axis)

    def passes_over(self, shape: tuple[int, ...]) -> str:
        return ""  # a set shrinks nothing inside it: a single group is kept in it, too


@keras.saving.register_keras_serializable(package="kreg")
class MaxNorm(Norms):
    """`||w_g|| <= max_value`: the partner of dropout.

    On the kernel of a dense layer `axis=-1` caps the weights that enter a unit, on a convolution
    those of a filter. Norms end some rounding errors below the cap, so that none is above it.
    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting,
    2014 (section 5.1; caps of 3 to 4).

    Args:
        max_value: Number > 0. Defaults to `3.0`.
        axis: Whole number: the axis whose indices are the groups. Defaults to `-1`. (Keras's
            `MaxNorm(axis=0)` names the axis that is summed over instead.)

    >>> MaxNorm(5.0).prox([[6.0], [8.0]]).numpy().round(4)
    array([[3.],
           [4.]], dtype=float32)
    """

    with_cone = True

    def __init__(self, max_value: float = 3.0, axis: int = -1):
        super().__init__(axis)
        self.max_value = check.number("max_value", max_value, **NORM)

    def project(self, z: Tensor) -> Tensor:
        norm, cap = prox.group_norm(z, self.axes(z.shape)), self.max_value * inside(z, 8)
        return ops.where(norm > cap, z * (cap / ops.maximum(norm, cap)), z)

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        axes = self.axes(w.shape)
        norm = prox.group_norm(w, axes)
        excess = ops.maximum(prox.group_norm(z, axes) - norm, 0.0)
        at_cap = norm >= self.max_value * inside(w, 16)
        return ops.where(at_cap, w * (excess / ops.where(at_cap, norm, 1.0)), 0.0)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, **super().get_config()}


@keras.saving.register_keras_serializable(package="kreg")
class UnitNorm(Norms):
    """`||w_g|| = 1`: only directions are learned. A group that is zero stays zero.

    Args:
        axis: As in `MaxNorm`. Defaults to `-1`.

    >>> UnitNorm().prox([[3.0], [4.0]]).numpy().round(4)
    array([[0.6],
           [0.8]], dtype=float32)
    """

    def __init__(self, axis: int = -1):
        super().__init__(axis)

    def project(self, z: Tensor) -> Tensor:
        return prox.direction(z, self.axes(z.shape))

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        axes = self.axes(w.shape)
        return (prox.group_norm(z, axes) - prox.group_norm(w, axes)) * w


def inside(w: Tensor, roundings: int) -> float:
    """`1 - roundings * eps` of a weight's dtype: a cap that rounding does not lift above itself."""
    return 1 - roundings * EPSILON[keras.backend.standardize_dtype(w.dtype)]
