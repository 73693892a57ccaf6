"""Penalties that remove whole features, units and channels."""

import math

import keras
from keras import ops

from kreg import check
from kreg.regularizers import prox
from kreg.regularizers.penalty import Penalty
from kreg.regularizers.strength import Strength


class Grouped(Penalty):
    """Groups are the slices of a weight at each index of one axis."""

    has_sharp = True

    def axes(self, shape) -> tuple[int, ...]:
        """The axes inside a group: all but `axis`."""
        self.check_weight(shape, "this weight")
        kept = self.axis % len(shape)
        return tuple(i for i in range(len(shape)) if i != kept)

    def group_weight(self, shape) -> float:
        """`sqrt(group size)`, so that a strength means the same for groups of each size."""
        return math.sqrt(math.prod(shape[i] for i in self.axes(shape)))

    def is_one_group(self, shape) -> bool:
        """Whether a weight is a single group."""
        rank = len(shape)
        return -rank <= self.axis < rank and shape[self.axis] == 1

    def check_weight(self, shape, name: str) -> None:
        rank = len(shape)
        if not -rank <= self.axis < rank:
            advice = "Use -2 for inputs, -1 for outputs of a kernel, 0 for a vector."
            raise check.invalid(
                "axis", f"an axis of {name}, of shape {tuple(shape)}", self.axis, advice
            )

    def get_config(self) -> dict:
        return {**super().get_config(), "axis": self.axis}


@keras.saving.register_keras_serializable(package="kreg")
class GroupLasso(Grouped):
    """`l1 * sum_g sqrt(d_g) * ||w_g||`, `d_g` the size of group g: groups are zero as a whole.

    On the kernel of a dense layer, of shape (inputs, units), `axis=-2` groups the weights that
    leave an input: a zero row is a feature or a unit that is not used. `axis=-1` groups the
    weights that enter a unit. On a convolution, of shape (height, width, channels, filters), the
    same axes are input channels and filters. Sources: Yuan & Lin 2006; Scardapane et al., Group
    sparse regularization for deep neural networks, 2017.

    Args:
        l1: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.
        axis: Whole number: the axis whose indices are the groups. Defaults to `-2`.

    Raises:
        ValueError: At the first use, if a weight does not have the axis.
    """

    l1 = Strength()

    def __init__(self, l1=0.01, axis: int = -2):
        self.l1 = l1
        self.axis = check.integer("axis", axis)

    def sharp(self, w, s):
        norms = prox.group_norm(w, self.axes(w.shape))
        return s["l1"] * self.group_weight(w.shape) * ops.sum(norms)

    def sharp_prox(self, z, step, s):
        threshold = step * s["l1"] * self.group_weight(z.shape)
        return prox.group_soft_threshold(z, threshold, self.axes(z.shape))

    def sharp_subgradient(self, w, s):
        return prox.direction(w, self.axes(w.shape), s["l1"] * self.group_weight(w.shape))

    def sharp_offset(self, w, z, step, s):
        # group by group: a zero inside a group that is alive is no kink
        norms = prox.group_norm(w, self.axes(w.shape))
        dead = ops.cast(norms == 0, norms.dtype)
        length = step * s["l1"] * self.group_weight(w.shape)
        return length * (1.0 - dead) / (norms + dead) * w + dead * z

    def sharpness(self, s):
        return s["l1"]

    def strength_max(self, gradient) -> float:
        """`max_g ||g_g|| / sqrt(d_g)`: the smallest `l1` at which all groups are zero.

        Args:
            gradient: Gradient of the loss at zero weights, of the weight's shape.
        """
        gradient = ops.convert_to_tensor(gradient)
        norms = prox.group_norm(gradient, self.axes(gradient.shape))
        return float(ops.max(norms)) / self.group_weight(gradient.shape)


@keras.saving.register_keras_serializable(package="kreg")
class SparseGroupLasso(Grouped):
    """`l1 * sum|w| + group * sum_g sqrt(d_g) * ||w_g||`: zero groups, and zeros inside the others.

    Source: Simon, Friedman, Hastie & Tibshirani, A sparse-group lasso, 2013.

    Args:
        l1: Number >= 0 or `kreg.Schedule`: strength of single zeros. Defaults to `0.01`.
        group: Number >= 0 or `kreg.Schedule`: strength of zero groups. Defaults to `0.01`.
        axis: As in `GroupLasso`. Defaults to `-2`.
    """

    l1 = Strength()
    group = Strength()

    def __init__(self, l1=0.01, group=0.01, axis: int = -2):
        self.l1 = l1
        self.group = group
        self.axis = check.integer("axis", axis)

    def sharp(self, w, s):
        norms = prox.group_norm(w, self.axes(w.shape))
        groups = s["group"] * self.group_weight(w.shape) * ops.sum(norms)
        return s["l1"] * ops.sum(ops.abs(w)) + groups

    def sharp_prox(self, z, step, s):
        z = prox.soft_threshold(z, step * s["l1"])
        threshold = step * s["group"] * self.group_weight(z.shape)
        return prox.group_soft_threshold(z, threshold, self.axes(z.shape))

    def sharp_subgradient(self, w, s):
        groups = prox.direction(w, self.axes(w.shape), s["group"] * self.group_weight(w.shape))
        return s["l1"] * ops.sign(w) + groups

    def sharpness(self, s):
        return s["l1"] + s["group"]

    def strength_max(self, gradient) -> float:
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
