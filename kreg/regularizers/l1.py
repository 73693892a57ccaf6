"""The lasso's penalty."""

import keras
from keras import ops

from kreg.regularizers import prox
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


@keras.saving.register_keras_serializable(package="kreg")
class L1(Penalty):
    """`l1 * sum(|w|)`: drives weights to exactly zero under an optimizer of `kreg.optimizers`.

    The scaling is Keras's. With a mean squared error over all n examples, scikit-learn's
    `Lasso(alpha)` is `l1 = 2 * alpha`; with a mean cross-entropy, `LogisticRegression(C,
    l1_ratio=1)` is `l1 = 1 / (C * n)`. Source: Tibshirani, Regression shrinkage and selection via
    the lasso, 1996.

    Args:
        l1: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.

    Raises:
        ValueError: If the strength is negative, not finite, a boolean or a string.

    >>> L1(0.5).prox([2.0, -0.3], step=1.0)
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1.5, 0. ], dtype=float32)>
    """

    has_sharp = True
    with_cone = with_box = with_cap = True
    l1 = Strength()

    def __init__(self, l1: NumberOrSchedule = 0.01):
        self.l1 = l1

    def sharp(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l1"] * ops.sum(ops.abs(w))

    def sharp_prox(self, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        return prox.soft_threshold(z, step * s["l1"])

    def sharp_subgradient(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l1"] * ops.sign(w)

    def sharp_offset(self, w: Tensor, z: Tensor, step: Tensor, s: Strengths) -> Tensor:
        # without a mask, which costs more: a weight that is not zero drives the sum to the limits
        steep = 6e4 if keras.backend.standardize_dtype(w.dtype) == "float16" else 1e30
        threshold = step * s["l1"]
        return ops.clip(z + steep * w, -threshold, threshold)

    def sharpness(self, s: Strengths) -> Tensor:
        return s["l1"]

    def strength_max(self, gradient: Tensor) -> float:
        """`max|g|`: the smallest `l1` at which all weights are zero.

        Args:
            gradient: Gradient of the loss at zero weights (and the best bias).
        """
        return float(ops.max(ops.abs(ops.convert_to_tensor(gradient))))
