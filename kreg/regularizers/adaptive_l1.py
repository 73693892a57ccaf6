"""The adaptive lasso: weights that were large at the start are hardly shrunk."""

from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.regularizers import prox
from kreg.regularizers.options import ADAPTIVE
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength

EPSILON = 1e-4  # a weight that starts at 0 has a finite strength


@keras.saving.register_keras_serializable(package="kreg")
class AdaptiveL1(Penalty):
    """`l1 * sum(|w| / (|w_start|^gamma + 1e-4))`: a lasso that trusts a first fit.

    Train the model first, then `kreg.regularize` it with this: what the first fit found small goes,
    what it found large is hardly shrunk. The start is the weight at the first step of the kreg
    optimizer that trains it; the optimizer keeps it as a variable, saved and loaded with its
    state. Source: Zou, The adaptive lasso and its oracle properties, 2006.

    Args:
        l1: Number >= 0 or `kreg.Schedule`: the strength at a weight that starts at 1. Defaults to
            `0.01`.
        gamma: Number >= 0: the power of the start; 0 is the lasso. Defaults to `1.0`.

    Raises:
        ValueError: If a value is out of its range, and when a model trains with an optimizer that
            cannot keep the start.

    >>> AdaptiveL1(0.5).prox([1.0, 1.0], start=[2.0, 0.25]).numpy().round(2)
    array([0.75, 0.  ], dtype=float32)
    """

    has_sharp = True
    with_cone = with_box = with_cap = True
    needs_start = True
    needs_proximal = "that keeps the weights of the first fit"
    l1 = Strength()

    def __init__(self, l1: NumberOrSchedule = 0.01, gamma: float = 1.0):
        self.l1 = l1
        self.gamma = check.number("gamma", gamma, **ADAPTIVE)

    def at(self, w: Tensor, s: Strengths) -> Strengths:
        start = ops.abs(ops.cast(s.get("start", 1.0), w.dtype))
        return {"l1": s["l1"] / (start**self.gamma + EPSILON)}  # one strength for each weight

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return ops.sum(s["l1"] * ops.abs(w))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return prox.soft_threshold(z, step * s["l1"])

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l1"] * ops.sign(w)

    def sharpness(self, s: Strengths) -> Tensor:
        return s["l1"]

    def value(self, w: Tensor, start: Tensor = 1.0) -> Tensor:
        """`R(w)` for a start: that of every weight, or one number for all."""
        w = ops.convert_to_tensor(w)
        return self.total(w, {**self.strengths(), "start": start})

    def prox(self, w: Tensor, step: float = 1.0, start: Tensor = 1.0) -> Tensor:
        """As in `Penalty`, for a start."""
        w = ops.convert_to_tensor(w)
        return self.sharp_prox(w, step, self.at(w, {**self.strengths(), "start": start}))

    def subgradient(self, w: Tensor, start: Tensor = 1.0) -> Tensor:
        """As in `Penalty`, for a start."""
        w = ops.convert_to_tensor(w)
        return self.sharp_subgradient(w, self.at(w, {**self.strengths(), "start": start}))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gamma": self.gamma}
