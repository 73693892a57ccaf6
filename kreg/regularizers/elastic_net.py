"""Lasso and ridge in one."""

import keras

from kreg import check
from kreg.regularizers import prox
from kreg.regularizers.l1 import L1
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


@keras.saving.register_keras_serializable(package="kreg")
class ElasticNet(L1):
    """`l1 * sum(|w|) + l2 * sum(w^2)`: exact zeros, and correlated features kept together.

    With a mean squared error over all examples, scikit-learn's `ElasticNet(alpha, l1_ratio=r)` is
    `l1 = 2 * alpha * r`, `l2 = alpha * (1 - r)`. Source: Zou & Hastie, Regularization and variable
    selection via the elastic net, 2005 (their naive form: no rescaling).

    Args:
        l1: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.
        l2: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.

    >>> ElasticNet.from_ratio(0.5, l1_ratio=0.75)
    ElasticNet(l1=0.375, l2=0.125)
    """

    has_smooth = True
    l1 = Strength()
    l2 = Strength()

    def __init__(self, l1: NumberOrSchedule = 0.01, l2: NumberOrSchedule = 0.01):
        self.l1 = l1
        self.l2 = l2

    @classmethod
    def from_ratio(cls, strength: float, l1_ratio: float) -> "ElasticNet":
        """`strength * (l1_ratio * sum|w| + (1 - l1_ratio) * sum w^2)`: the textbook's alpha form.

        Args:
            strength: Number >= 0.
            l1_ratio: Number in [0, 1]: 1 is the lasso, 0 the ridge.
        """
        strength = check.number("strength", strength, low=0)
        ratio = check.number("l1_ratio", l1_ratio, low=0, high=1)
        return cls(l1=strength * ratio, l2=strength * (1 - ratio))

    def smooth(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l2"] * prox.squared_length(w)

    def smooth_gradient(self, w: Tensor, s: Strengths) -> Tensor:
        return 2.0 * s["l2"] * w

    def prox(self, w: Tensor, step: float = 1.0) -> Tensor:
        """`soft(w, step * l1) / (1 + 2 * step * l2)`."""
        return super().prox(w, step) / (1.0 + 2.0 * step * self.strengths()["l2"])
