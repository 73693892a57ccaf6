"""Predictions of a regression that stay within the range of the training targets."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike


@keras.saving.register_keras_serializable(package="kreg")
class WithinRange(keras.layers.Layer):
    """`min(max(x, low), high)` in inference; in training every number and its gradient pass.

    Args:
        low: The least value, one a target, or one for all.
        high: The largest.

    >>> layer = WithinRange([0.0], [1.0])
    >>> x = keras.ops.convert_to_tensor([[-2.0], [0.5]])
    >>> [layer(x, training=training).numpy().ravel().tolist() for training in (False, True)]
    [[0.0, 0.5], [-2.0, 0.5]]
    """

    def __init__(self, low: Any, high: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.shape = tuple(input_shape[1:])

    def call(self, inputs: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        return inputs if training else ops.clip(inputs, self.low, self.high)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def plain_keras(self) -> keras.Model:
        """The same in inference from operations of Keras alone: what `strip` puts in its place."""
        inputs = keras.Input(self.shape, dtype=self.compute_dtype, name="values")
        return keras.Model(inputs, ops.clip(inputs, self.low, self.high), name=self.name)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}


def within_range_of(targets: ArrayLike, name: str) -> WithinRange:
    """The layer for these training targets, `(rows,)` or `(rows, targets)`."""
    values = np.asarray(targets, np.float64)
    values = values.reshape(len(values), -1)
    return WithinRange(values.min(axis=0).tolist(), values.max(axis=0).tolist(), name=name)
