"""Sparse activities: a penalty on what units put out, in every precision."""

from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.layers.options import SHARE, STRENGTH

EDGE = 1e-6  # a unit that is never active still has a finite distance to the target
HALF = ("float16", "bfloat16")


@keras.saving.register_keras_serializable(package="kreg")
class ActivityPenalty(keras.Regularizer):
    """`sum(l1 |a| + l2 a^2)` an example, and `kl * sum_j KL(target || m_j)`, `m_j` a batch's mean.

    For the `activity_regularizer` of any Keras layer, which divides by the size of the batch. Those
    of Keras end a training in mixed precision with an error, because they count in the dtype of the
    activities; this one counts in float32.

    `KL(t || m) = t log(t / m) + (1 - t) log((1 - t) / (1 - m))` is the penalty of sparse
    autoencoders. It is for activities between 0 and 1, a sigmoid's. The mean is taken over all axes
    but the last. Sources: Ng, Sparse autoencoder (CS294A), 2011; Glorot, Bordes & Bengio, Deep
    sparse rectifier neural networks, 2011 (L1).

    Args:
        l1: Number >= 0. Defaults to `0.0`.
        l2: Number >= 0. Defaults to `0.0`.
        kl: Number >= 0. Defaults to `0.0`.
        target: Number in (0, 1), the mean activity that `kl` wants. Defaults to `0.05`.

    >>> float(ActivityPenalty(l1=0.5)([[1.0, -3.0]]))
    2.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, kl: float = 0.0, target: float = 0.05):
        self.l1 = check.number("l1", l1, **STRENGTH)
        self.l2 = check.number("l2", l2, **STRENGTH)
        self.kl = check.number("kl", kl, **STRENGTH)
        self.target = check.number("target", target, **SHARE)

    def __call__(self, activities: Any) -> Any:
        a = ops.convert_to_tensor(activities)
        a = ops.cast(a, "float32") if keras.backend.standardize_dtype(a.dtype) in HALF else a
        value = ops.zeros((), a.dtype)
        if self.l1:
            value = value + self.l1 * ops.sum(ops.abs(a))
        if self.l2:
            value = value + self.l2 * ops.sum(ops.square(a))
        if self.kl:
            examples = ops.cast(ops.shape(a)[0], a.dtype)  # what the layer divides by
            value = value + self.kl * examples * ops.sum(divergence(self.target, mean_of(a)))
        return value

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2, "kl": self.kl, "target": self.target}


@keras.saving.register_keras_serializable(package="kreg")
class ActivityRegularization(keras.layers.Layer):
    """The identity, with a penalty on what goes through: `ActivityPenalty` as a layer.

    As `keras.layers.ActivityRegularization`, and: it works in mixed precision; `kl` is the penalty
    of sparse autoencoders. It is in the training loss and in `val_loss`, as Keras's is; the reports
    of kreg count it among the penalties, and it is never in the clean loss. `kreg.strip` and
    `kreg.compress` take it away.

    Args:
        l1: As in `ActivityPenalty`. Defaults to `0.0`.
        l2: As in `ActivityPenalty`. Defaults to `0.0`.
        kl: As in `ActivityPenalty`. Defaults to `0.0`.
        target: As in `ActivityPenalty`. Defaults to `0.05`.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If a number is out of its range.

    >>> layer = ActivityRegularization(l1=0.1)
    >>> outputs = layer(ops.ones((4, 3)))
    >>> round(float(layer.losses[0]), 6)  # a mean over the examples
    0.3
    """

    def __init__(
        self,
        l1: float = 0.0,
        l2: float = 0.0,
        kl: float = 0.0,
        target: float = 0.05,
        **kwargs: Any,
    ):
        self.penalty = ActivityPenalty(l1, l2, kl, target)
        super().__init__(activity_regularizer=self.penalty, **kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, **self.penalty.get_config()}


def mean_of(a: Any) -> Any:
    """The mean of each unit, kept between 0 and 1."""
    mean = ops.mean(ops.reshape(a, (-1, a.shape[-1])), axis=0)
    return EDGE + (1 - 2 * EDGE) * ops.clip(mean, 0.0, 1.0)


def divergence(target: float, mean: Any) -> Any:
    """`KL(target || mean)` of two Bernoulli distributions."""
    return target * ops.log(target / mean) + (1 - target) * ops.log((1 - target) / (1 - mean))
