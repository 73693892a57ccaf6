"""Members that share one network: their mean is the answer, each has its own loss.

The mean of the members' losses is not the loss of their mean, and only the first keeps them apart
(Gorishniy et al., TabM, 2025). `MeanOfMembers` is the last layer of such a model. Its outputs are
those of the mean, in training too, so that predictions, metrics and measurements see nothing else.
In training it hangs the members' own outputs on this tensor, as Keras hangs its masks there; the
losses of this file look for them. A tensor without them is judged as by Keras's loss.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg import check, private_keras
from kreg.models.inputs_and_head import TASKS
from kreg.models.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)

HUNG = "_kreg_members"


@keras.saving.register_keras_serializable(package="kreg")
class MeanOfMembers(keras.layers.Layer):
    """The mean over the members: of their probabilities as logits, or of their values.

    Classes: `log(mean_k softmax(z_k))`, whose softmax is the mean of the members' softmax. Labels:
    the logit of `mean_k sigmoid(z_k)`. Regression: `mean_k z_k`, in inference kept in a range.

    Args:
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        low: Number, or one a target: the least value of a regression in inference. Defaults to
            `None`, for none.
        high: As `low`: the largest.

    Input shape `(batch, members, outputs)`, output shape `(batch, outputs)`.

    >>> logits = keras.ops.log([[[0.9, 0.1], [0.5, 0.5]]])
    >>> mean = keras.ops.softmax(MeanOfMembers("classification")(logits))
    >>> [round(float(chance), 3) for chance in mean[0]]
    [0.7, 0.3]
    """

    def __init__(self, task: str, low: Any = None, high: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.task = check.choice("task", task, TASKS)
        self.low, self.high = low, high

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.members_shape = tuple(input_shape[1:])

    def call(self, inputs: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        outputs = mean_of(inputs, self.task)
        if training:
            private_keras.hang(outputs, HUNG, inputs)
        elif self.low is not None:
            outputs = ops.clip(outputs, self.low, self.high)
        return outputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], input_shape[-1])

    def plain_keras(self) -> keras.Model:
        """The same in inference from operations of Keras alone: what `strip` puts in its place."""
        inputs = keras.Input(self.members_shape, dtype=self.compute_dtype, name="members")
        means = mean_of(inputs, self.task)
        if self.low is not None:
            means = ops.clip(means, self.low, self.high)
        return keras.Model(inputs, means, name=self.name)

    def get_config(self) -> dict[str, Any]:
        own = {"task": self.task, "low": self.low, "high": self.high}
        return {**super().get_config(), **own}


def mean_of(members: keras.KerasTensor, task: str) -> keras.KerasTensor:
    """The mean of members on the axis 1, see `MeanOfMembers`."""
    if task == "regression":
        return ops.mean(members, axis=1)
    if task == "classification":
        return log_mean(ops.log_softmax(members, axis=-1))
    return log_mean(ops.log_sigmoid(members)) - log_mean(ops.log_sigmoid(-members))


def log_mean(logarithms: keras.KerasTensor) -> keras.KerasTensor:
    """The logarithm of the mean of the members' probabilities."""
    return ops.logsumexp(logarithms, axis=1) - math.log(logarithms.shape[1])


class OfMembers:
    """`mean_k loss(y, z_k)` for a tensor of `MeanOfMembers` in training, else `loss(y, z)`."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        members = private_keras.hung(y_pred, HUNG)
        seen = y_pred if members is None else members
        return super().__call__(y_true, seen, sample_weight)  # type: ignore[misc]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_pred.shape) != 3:
            return super().call(y_true, y_pred)  # type: ignore[misc]
        members, outputs = y_pred.shape[1:]
        rows = ops.reshape(y_pred, (-1, outputs))
        losses = super().call(ops.repeat(y_true, members, axis=0), rows)  # type: ignore[misc]
        return ops.mean(ops.reshape(losses, (-1, members)), axis=1)


@keras.saving.register_keras_serializable(package="kreg")
class SparseCategoricalCrossentropyOfMembers(OfMembers, SparseCategoricalCrossentropy):
    """Keras's `SparseCategoricalCrossentropy`, in training the mean over `MeanOfMembers`' members.

    >>> from kreg.models import MeanOfMembers
    >>> logits = keras.ops.log([[[0.9, 0.1], [0.5, 0.5]]])
    >>> loss = SparseCategoricalCrossentropyOfMembers(from_logits=True)
    >>> ids = keras.ops.array([0])
    >>> trained = loss(ids, MeanOfMembers("classification")(logits, training=True))
    >>> judged = loss(ids, MeanOfMembers("classification")(logits))
    >>> round(float(trained), 4), round(float(judged), 4)  # mean of -log 0.9, -log 0.5; -log 0.7
    (0.3993, 0.3567)
    """


@keras.saving.register_keras_serializable(package="kreg")
class CategoricalCrossentropyOfMembers(OfMembers, CategoricalCrossentropy):
    """Keras's `CategoricalCrossentropy`, in training the mean over `MeanOfMembers`' members."""


@keras.saving.register_keras_serializable(package="kreg")
class BinaryCrossentropyOfMembers(OfMembers, BinaryCrossentropy):
    """Keras's `BinaryCrossentropy`, in training the mean over `MeanOfMembers`' members."""


@keras.saving.register_keras_serializable(package="kreg")
class MeanSquaredErrorOfMembers(OfMembers, keras.losses.MeanSquaredError):
    """Keras's `MeanSquaredError`, in training the mean over `MeanOfMembers`' members."""


LOSSES: Sequence[type[keras.losses.Loss]] = (
    SparseCategoricalCrossentropyOfMembers,
    CategoricalCrossentropyOfMembers,
    BinaryCrossentropyOfMembers,
    MeanSquaredErrorOfMembers,
)


def members_loss(loss: keras.losses.Loss) -> keras.losses.Loss:
    """The loss with which a model of members is compiled: each member's own, averaged.

    Args:
        loss: `SparseCategoricalCrossentropy`, `CategoricalCrossentropy`, `BinaryCrossentropy` or
            `MeanSquaredError` of Keras, or one of `kreg.models`, which smooth labels.

    Raises:
        ValueError: For another loss.

    >>> members_loss(keras.losses.BinaryCrossentropy(from_logits=True)).from_logits
    True
    """
    for known in LOSSES:
        if type(loss) in known.__mro__:
            return known.from_config(loss.get_config())
    names = ", ".join(known.__name__.removesuffix("OfMembers") for known in LOSSES)
    raise check.invalid("loss", f"one of Keras's {names}", type(loss).__name__)


def has_members(model: keras.Model) -> bool:
    """Whether a model's last layer is `MeanOfMembers`."""
    return bool(model.layers) and isinstance(model.layers[-1], MeanOfMembers)
