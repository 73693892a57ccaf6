"""Penalties that remove whole features, units and channels."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.regularizers import group_weights, prox
from kreg.regularizers.options import ADAPTIVE
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


class Grouped(Penalty):
    """Groups are the slices of a weight at each index of one axis."""

    has_sharp = True

    def axes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The axes inside a group: all but `axis`."""
        self.check_weight(shape, "this weight")
        kept = self.axis % len(shape)
        return tuple(i for i in range(len(shape)) if i != kept)

    def group_weight(self, shape: tuple[int, ...]) -> float:
        """`sqrt(group size)`, so that a strength means the same for groups of each size."""
        return math.sqrt(math.prod(shape[i] for i in self.axes(shape)))

    def passes_over(self, shape: tuple[int, ...]) -> str:
        """A single group only goes with the whole model, and is shrunk until then."""
        rank = len(shape)
        alone = -rank <= self.axis < rank and shape[self.axis] == 1
        return "all of its weights are one group" if alone else ""

    def check_weight(self, shape: tuple[int, ...], name: str) -> None:
        rank = len(shape)
        if not -rank <= self.axis < rank:
            advice = "Use -2 for inputs, -1 for outputs of a kernel, 0 for a vector."
            raise check.invalid(
                "axis", f"an axis of {name}, of shape {tuple(shape)}", self.axis, advice
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


@keras.saving.register_keras_serializable(package="kreg")
class GroupLasso(Grouped):
    """`l1 * sum_g c_g * sqrt(d_g) * ||w_g||`, `d_g` the size of group g: whole groups are zero.

    On the kernel of a dense layer, of shape (inputs, units), `axis=-2` groups the weights that
    leave an input: a zero row is a feature or a unit that is not used. `axis=-1` groups the
    weights that enter a unit. On a convolution, of shape (height, width, channels, filters), the
    same axes are input channels and filters.

    The factors `c_g` are 1 unless they are asked for. A group lasso shrinks what it keeps as much
    as what it removes, and so prefers many weak groups to few strong ones. With `adaptive`, a group
    counts the more the smaller it is beside the mean of its weight: `c_g = (1.1 * m / (||w_g|| +
    0.1 * m)) ** adaptive`, taken anew at each step and held fixed within it. Few groups remain, and
    those are hardly shrunk. The zeros are as exact as without, but the problem is no longer convex:
    where the norms mean nothing yet, chance decides. Start from trained weights, or have groups of
    many weights, whose random norms are nearly equal. `kreg.select_features` does both.

    Args:
        l1: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.
        axis: Whole number: the axis whose indices are the groups. Defaults to `-2`.
        weights: Numbers >= 0, one a group: a group of weight 0 is never removed. `None` (default)
            for 1 each.
        adaptive: Number >= 0: the power of the adaptive factors. 0 (default) is the ordinary group
            lasso, 1 the usual choice. It multiplies `weights`.

    Raises:
        ValueError: At the first use, if a weight does not have the axis, or has another number of
            groups than there are `weights`.

    Sources: Yuan & Lin 2006; Scardapane et al., Group sparse regularization for deep neural
    networks, 2017. Factors from norms: Zou, The adaptive lasso, 2006; again and again: Candes,
    Wakin & Boyd, Enhancing sparsity by reweighted l1 minimization, 2008; for networks: Dinh & Ho,
    Consistent feature selection for analytic deep neural networks, 2020.

    >>> GroupLasso(0.5, weights=[1, 0]).prox([[3.0, 4.0], [3.0, 4.0]]).numpy().round(3)
    array([[2.576, 3.434],
           [3.   , 4.   ]], dtype=float32)
    """

    with_cone = with_cap = True
    l1 = Strength()

    def __init__(
        self,
        l1: NumberOrSchedule = 0.01,
        axis: int = -2,
        weights: Sequence[float] | None = None,
        adaptive: float = 0.0,
    ):
        self.l1 = l1
        self.axis = check.integer("axis", axis)
        self.weights = group_weights.checked(weights)
        self.adaptive = check.number("adaptive", adaptive, **ADAPTIVE)

    def at(self, w: Tensor, s: Strengths) -> Strengths:
        if self.weights is None and not self.adaptive:
            return s
        return {**s, "factors": self.factors(w)}

    def factors(self, w: Tensor) -> Tensor:
        """`c_g`, in a shape that multiplies the weight."""
        axes = self.axes(w.shape)
        factors = 1.0
        if self.adaptive:
            factors = group_weights.from_norms(prox.group_norm(w, axes), self.adaptive)
        if self.weights is None:
            return factors
        given = ops.cast(ops.convert_to_tensor(self.weights), w.dtype)
        return factors * ops.reshape(given, [1 if i in axes else -1 for i in range(len(w.shape))])

    def length(self, w: Tensor, s: Strengths) -> Tensor:
        """The norm that a step of 1 takes away from each group: `l1 * c_g * sqrt(d_g)`."""
        return s["l1"] * self.group_weight(w.shape) * s.get("factors", 1.0)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.sum(self.length(w, s) * prox.group_norm(w, self.axes(w.shape)))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return prox.group_soft_threshold(z, step * self.length(z, s), self.axes(z.shape))

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return prox.direction(w, self.axes(w.shape), self.length(w, s))

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        # group by group: a zero inside a group that is alive is no kink
        norms = prox.group_norm(w, self.axes(w.shape))
        dead = ops.cast(norms == 0, norms.dtype)
        return step * self.length(w, s) * (1.0 - dead) / (norms + dead) * w + dead * z

    def sharpness(self, s: Strengths) -> Tensor:
        return s["l1"]

    def strength_max(self, gradient: Tensor) -> float:
        """`max_g ||g_g|| / (c_g * sqrt(d_g))`: the smallest `l1` at which all groups are zero.

        Args:
            gradient: Gradient of the loss at zero weights, of the weight's shape.
        """
        gradient = ops.convert_to_tensor(gradient)
        norms = prox.group_norm(gradient, self.axes(gradient.shape))
        factors = self.at(ops.zeros_like(gradient), {}).get("factors", ops.ones_like(norms))
        needed = ops.where(norms > 0, norms / factors, 0.0)
        return float(ops.max(needed)) / self.group_weight(gradient.shape)

    def check_weight(self, shape: tuple[int, ...], name: str) -> None:
        super().check_weight(shape, name)
        groups = shape[self.axis]
        if self.weights is not None and len(self.weights) != groups:
            advice = "Give each layer a penalty of its own."
            expected = f"{groups} numbers, one for each group of {name}"
            raise check.invalid("weights", expected, f"{len(self.weights)} numbers", advice)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weights": self.weights, "adaptive": self.adaptive}


@keras.saving.register_keras_serializable(package="kreg")
class SparseGroupLasso(Grouped):
    """`l1 * sum|w| + group * sum_g sqrt(d_g) * ||w_g||`: zero groups, and zeros inside the others.

    Source: Simon, Friedman, Hastie & Tibshirani, A sparse-group lasso, 2013.

    Args:
        l1: Number >= 0 or `kreg.Schedule`: strength of single zeros. Defaults to `0.01`.
        group: Number >= 0 or `kreg.Schedule`: strength of zero groups. Defaults to `0.01`.
        axis: As in `GroupLasso`. Defaults to `-2`.
    """

    with_cone = with_cap = True
    l1 = Strength()
    group = Strength()

    def __init__(self, l1: NumberOrSchedule = 0.01, group: NumberOrSchedule = 0.01, axis: int = -2):
        self.l1 = l1
        self.group = group
        self.axis = check.integer("axis", axis)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        norms = prox.group_norm(w, self.axes(w.shape))
        groups = s["group"] * self.group_weight(w.shape) * ops.sum(norms)
        return s["l1"] * ops.sum(ops.abs(w)) + groups

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        z = prox.soft_threshold(z, step * s["l1"])
        threshold = step * s["group"] * self.group_weight(z.shape)
        return prox.group_soft_threshold(z, threshold, self.axes(z.shape))

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        groups = prox.direction(w, self.axes(w.shape), s["group"] * self.group_weight(w.shape))
        return s["l1"] * ops.sign(w) + groups

    def sharpness(self, s: Strengths) -> Tensor:
        return s["l1"] + s["group"]

    def strength_max(self, gradient: Tensor) -> float:
        """The smallest `l1` at which all weights are zero, `group` moving in the same proportion.

        For `l1 = 0` it is counted in units of `group`. Found by bisection on the condition
        `||soft(g, c * l1)|| <= c * group * sqrt(d)` for all groups.
        """
        s = self.strengths()
        unit = s["l1"] or s["group"]
        low, high = 0.0, float(ops.max(ops.abs(ops.convert_to_tensor(gradient)))) / unit
        high *= self.group_weight(gradient.shape) if s["l1"] == 0 else 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            alive = ops.any(ops.not_equal(self.prox(gradient, middle), 0))
            low, high = (middle, high) if alive else (low, middle)
        return high * unit
