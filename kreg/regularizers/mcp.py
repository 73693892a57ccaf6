"""The minimax concave penalty."""

import keras
from keras import ops

from kreg.regularizers.concave import Concave, Groups, Single
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule


class Curve(Concave):
    """`rho(t) = height * t - t^2 / (2 * gamma)` up to `t = gamma * height`, constant from there."""

    curve = "mcp"

    @property
    def curvature(self) -> float:  # type: ignore[override]
        return 1 / self.gamma

    def rho(self, t: Tensor, height: Tensor) -> Tensor:
        curved = ops.minimum(t, self.gamma * height)
        return height * curved - ops.square(curved) / (2 * self.gamma)

    def slope(self, t: Tensor, height: Tensor) -> Tensor:
        return ops.maximum(height - t / self.gamma, 0.0)

    def shrunk(self, t: Tensor, step: Tensor, height: Tensor) -> Tensor:
        firm = ops.maximum(t - step * height, 0.0) / (1 - step / self.gamma)
        return ops.where(t > self.gamma * height, t, firm)


@keras.saving.register_keras_serializable(package="kreg")
class MCP(Curve, Single):
    """`sum rho(|w|)`, `rho(t) = l1 * t - t^2 / (2 * gamma)` up to `t = gamma * l1`, then constant.

    The exact zeros of a lasso, without its bias: weights above `gamma * l1` are not shrunk at all.
    With `gamma` to infinity it is the lasso. It is not convex, so that the start matters: the
    lasso's solution is the usual one (train with `kreg.L1` first, then regularize with `MCP`).
    Source: Zhang, Nearly unbiased variable selection under minimax concave penalty, 2010.

    Args:
        l1: Number >= 0 or `kreg.Schedule`: the lasso's strength at zero. Defaults to `0.01`.
        gamma: Number > 1. Zhang's choice for standardised features and half the squared error is
            3 (default). In networks the size `gamma * l1` should be that of a useful weight: 0.1
            to 1, far above the learning rate.

    >>> MCP(0.5, gamma=3.0).prox([3.0, 1.0, 0.4]).numpy()
    array([3.  , 0.75, 0.  ], dtype=float32)
    """

    def __init__(self, l1: NumberOrSchedule = 0.01, gamma: float = 3.0):
        super().__init__(l1, gamma)


@keras.saving.register_keras_serializable(package="kreg")
class GroupMCP(Curve, Groups):
    """`sum_g rho(||w_g||)`, the penalty of `MCP` with `l1 * sqrt(d_g)` on the norms of groups.

    Whole inputs, units or channels become zero; the others are not shrunk. Source: Breheny & Huang,
    Group descent algorithms for nonconvex penalized regression models, 2015.

    Args:
        l1: As in `GroupLasso`. Defaults to `0.01`.
        gamma: As in `MCP`. Defaults to `3.0`.
        axis: As in `GroupLasso`. Defaults to `-2`.
    """

    def __init__(self, l1: NumberOrSchedule = 0.01, gamma: float = 3.0, axis: int = -2):
        super().__init__(l1, gamma, axis)
