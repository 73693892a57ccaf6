"""The ridge's penalty."""

import keras
from keras import ops

from kreg.regularizers import prox
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


@keras.saving.register_keras_serializable(package="kreg")
class L2(Penalty):
    """`l2 * sum(w^2)`: shrinks all weights, makes none zero.

    No factor 1/2, as in Keras. With a mean squared error over n examples, scikit-learn's
    `Ridge(alpha)` is `l2 = alpha / n`. Source: Hoerl & Kennard, Ridge regression, 1970.

    Args:
        l2: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.
    """

    has_smooth = True
    l2 = Strength()

    def __init__(self, l2: NumberOrSchedule = 0.01):
        self.l2 = l2

    def smooth(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l2"] * prox.squared_length(w)

    def smooth_gradient(self, w: Tensor, s: Strengths) -> Tensor:
        return 2.0 * s["l2"] * w

    def prox(self, w: Tensor, step: float = 1.0) -> Tensor:
        """`w / (1 + 2 * step * l2)`."""
        return ops.convert_to_tensor(w) / (1.0 + 2.0 * step * self.strengths()["l2"])
