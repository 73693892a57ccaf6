"""The smoothly clipped absolute deviation."""

import keras
from keras import ops

from kreg.regularizers.concave import Concave, Groups, Single
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule


class Curve(Concave):
    """Slope `height` up to `t = height`, falling to 0 at `t = gamma * height`."""

    curve = "scad"

    @property
    def curvature(self) -> float:  # type: ignore[override]
        return 1 / (self.gamma - 1)

    def rho(self, t: Tensor, height: Tensor) -> Tensor:
        beyond = ops.clip(t - height, 0.0, (self.gamma - 1) * height)  # where the slope falls
        straight = height * (ops.minimum(t, height) + beyond)
        return straight - ops.square(beyond) / (2 * (self.gamma - 1))

    def slope(self, t: Tensor, height: Tensor) -> Tensor:
        return ops.clip((self.gamma * height - t) / (self.gamma - 1), 0.0, height)

    def shrunk(self, t: Tensor, step: Tensor, height: Tensor) -> Tensor:
        soft = ops.maximum(t - step * height, 0.0)
        falling = ((self.gamma - 1) * t - step * self.gamma * height) / (self.gamma - 1 - step)
        bent = ops.where(t > (1 + step) * height, falling, soft)
        return ops.where(t > self.gamma * height, t, bent)


@keras.saving.register_keras_serializable(package="kreg")
class SCAD(Curve, Single):
    """`sum rho(|w|)`: slope `l1` up to `|w| = l1`, falling to 0 at `gamma * l1`, then constant.

    Like `MCP`, which reaches its flat part sooner: exact zeros, and no shrinking of large weights.
    With `gamma` to infinity it is the lasso. Source: Fan & Li, Variable selection via nonconcave
    penalized likelihood and its oracle properties, 2001.

    Args:
        l1: Number >= 0 or `kreg.Schedule`: the lasso's strength at zero. Defaults to `0.01`.
        gamma: Number > 2; Fan & Li's choice is 3.7 (default). In networks as for `MCP`.

    >>> SCAD(0.5, gamma=3.0).prox([3.0, 0.75, 0.4]).numpy()
    array([3.  , 0.25, 0.  ], dtype=float32)
    """

    def __init__(self, l1: NumberOrSchedule = 0.01, gamma: float = 3.7):
        super().__init__(l1, gamma)


@keras.saving.register_keras_serializable(package="kreg")
class GroupSCAD(Curve, Groups):
    """`sum_g rho(||w_g||)`, the penalty of `SCAD` with `l1 * sqrt(d_g)` on the norms of groups.

    Source: Wang, Chen & Li, Group SCAD regression analysis for microarray time course gene
    expression data, 2007.

    Args:
        l1: As in `GroupLasso`. Defaults to `0.01`.
        gamma: As in `SCAD`. Defaults to `3.7`.
        axis: As in `GroupLasso`. Defaults to `-2`.
    """

    def __init__(self, l1: NumberOrSchedule = 0.01, gamma: float = 3.7, axis: int = -2):
        super().__init__(l1, gamma, axis)
