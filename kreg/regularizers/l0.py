"""The number of weights that are not zero: hard thresholding."""

from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.regularizers.options import CURVATURE
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


@keras.saving.register_keras_serializable(package="kreg")
class L0(Penalty):
    """`l0 * count(w != 0)`: each weight that is kept costs the same, and none is shrunk.

    It jumps at zero, so that no step makes its proximal map unique, and every choice of zeros has a
    local minimum. `gamma` says which of them training may end in: there every weight is zero or at
    least `sqrt(2 * gamma * l0)` in size, and the gradient at a zero is at most
    `sqrt(2 * l0 / gamma)`. With `gamma` equal to `1 / curvature` of the loss, which is 1/2 for the
    mean squared error on orthonormal features, the end is the best subset. The start matters: let
    `l0` grow from 0 by a schedule, or train with `kreg.L1` first. Source: Blumensath & Davies,
    Iterative thresholding for sparse approximations, 2008.

    Args:
        l0: Number >= 0 or `kreg.Schedule`: the cost of a weight. Defaults to `1e-4`.
        gamma: Number > 0: the step of the proximal map in every optimizer. Larger values keep
            fewer weights; it should be above the learning rate. Defaults to `0.5`.

    Raises:
        ValueError: If a value is out of its range, and when a model trains with an optimizer that
            cannot take the step.

    >>> L0(0.5).prox([3.0, 1.1, 0.9]).numpy()
    array([3. , 1.1, 0. ], dtype=float32)
    """

    has_sharp = True
    with_cone = True
    needs_proximal = "that takes the step of its threshold"
    l0 = Strength()

    def __init__(self, l0: NumberOrSchedule = 1e-4, gamma: float = 0.5):
        self.l0 = l0
        self.gamma = check.number("gamma", gamma, **CURVATURE)

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l0"] * ops.sum(ops.cast(w != 0, w.dtype))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return ops.where(ops.square(z) > 2 * step * s["l0"], z, 0.0)

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return ops.where(w == 0, z, 0.0)

    def widest(self) -> float:
        """`gamma`: what is a fixed point of this step is one of every smaller step."""
        return self.gamma

    def own_step(self) -> float:
        return self.gamma

    def strength_max(self, gradient: Tensor) -> float:
        """`gamma * max(g^2) / 2`: the smallest `l0` at which zero weights may be the end.

        Args:
            gradient: Gradient of the loss at zero weights (and the best bias).
        """
        return self.gamma * float(ops.max(ops.square(ops.convert_to_tensor(gradient)))) / 2

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gamma": self.gamma}
