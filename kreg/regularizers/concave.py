"""Penalties that are a lasso at zero and flat far from it: what they keep, they do not shrink."""

import math
from typing import Any

from keras import ops

from kreg import check
from kreg.regularizers import prox
from kreg.regularizers.group_lasso import Grouped
from kreg.regularizers.options import CONCAVITY
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


class Concave(Penalty):
    """`rho(t)` of a size `t >= 0`, with slope `height` at zero and slope 0 for large sizes.

    Such a function curves downwards, by `curvature` at most: its proximal map is unique for
    steps below `1 / curvature`, and the optimizers keep theirs at half of that.
    """

    has_sharp = True
    l1 = Strength()

    def __init__(self, l1: NumberOrSchedule, gamma: float):
        self.l1 = l1
        self.gamma = check.number("gamma", gamma, **CONCAVITY[type(self).curve])

    curve: str
    curvature: float

    def sizes(self, w: Tensor) -> Tensor:
        """What the function is of: `|w|`, or the norms of groups."""
        raise NotImplementedError

    def height(self, w: Tensor, s: Strengths) -> Tensor:
        """The slope at zero."""
        raise NotImplementedError

    def rho(self, t: Tensor, height: Tensor) -> Tensor:
        raise NotImplementedError

    def slope(self, t: Tensor, height: Tensor) -> Tensor:
        raise NotImplementedError

    def shrunk(self, t: Tensor, step: Tensor, height: Tensor) -> Tensor:
        """`argmin_u step * rho(u) + (u - t)^2 / 2` over `u >= 0`."""
        raise NotImplementedError

    def widest(self) -> float:
        return 1 / self.curvature

    def prox(self, w: Tensor, step: float = 1.0) -> Tensor:
        """As in `Penalty`, for steps below `1 / curvature`."""
        if not step < self.widest():
            raise check.invalid(
                "step",
                f"a number below {self.widest():g}, where the proximal map is unique",
                step,
                "Take a smaller step or a larger gamma.",
            )
        return super().prox(w, step)

    def sharpness(self, s: Strengths) -> Tensor:
        return s["l1"]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gamma": self.gamma}


class Single(Concave):
    """`sum rho(|w|)`: single weights become zero."""

    with_cone = with_box = True

    def sizes(self, w: Tensor) -> Tensor:
        return ops.abs(w)

    def height(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l1"]

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.sum(self.rho(ops.abs(w), s["l1"]))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        size = self.shrunk(ops.abs(z), step, s["l1"])
        return ops.where(size > 0, ops.sign(z) * size, 0.0)  # no zero has a minus sign

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.sign(w) * self.slope(ops.abs(w), s["l1"])

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return ops.where(w == 0, z, step * self.sharp_subgradient(w, s))

    def strength_max(self, gradient: Tensor) -> float:
        """`max|g|`: the smallest `l1` at which zero weights are a minimum, if not the only one.

        Args:
            gradient: Gradient of the loss at zero weights (and the best bias).
        """
        return float(ops.max(ops.abs(ops.convert_to_tensor(gradient))))


class Groups(Concave, Grouped):
    """`sum_g rho(||w_g||)` with height `l1 * sqrt(d_g)`: whole groups become zero."""

    with_cone = with_cap = True

    def __init__(self, l1: NumberOrSchedule, gamma: float, axis: int):
        super().__init__(l1, gamma)
        self.axis = check.integer("axis", axis)

    def sizes(self, w: Tensor) -> Tensor:
        return prox.group_norm(w, self.axes(w.shape))

    def height(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l1"] * self.group_weight(w.shape)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.sum(self.rho(self.sizes(w), self.height(w, s)))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        norm = prox.group_norm(z, self.axes(z.shape))
        size = self.shrunk(norm, step, self.height(z, s))
        return ops.where(size > 0, z * (size / ops.where(norm > 0, norm, 1.0)), 0.0)

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        axes = self.axes(w.shape)
        return prox.direction(w, axes, self.slope(prox.group_norm(w, axes), self.height(w, s)))

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        dead = prox.group_norm(w, self.axes(w.shape)) == 0
        return ops.where(dead, z, step * self.sharp_subgradient(w, s))

    def strength_max(self, gradient: Tensor) -> float:
        """`max_g ||g_g|| / sqrt(d_g)`, as for `GroupLasso`."""
        gradient = ops.convert_to_tensor(gradient)
        norms = prox.group_norm(gradient, self.axes(gradient.shape))
        return float(ops.max(norms)) / math.sqrt(math.prod(gradient.shape) / math.prod(norms.shape))
