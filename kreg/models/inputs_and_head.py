"""What all models share: how the inputs enter, and the head that answers for the task."""

from collections.abc import Sequence
from typing import Any

import keras

from kreg import check

Rescale = float | tuple[Any, Any]  # a factor, or (scale, offset): numbers or arrays
Entrance = tuple[keras.KerasTensor, keras.KerasTensor]  # the model's input, its first tensor

TASKS = ("classification", "binary", "multilabel", "regression")


def images(kind: str, input_shape: Sequence[int], rescale: Rescale | None) -> Entrance:
    """The input `(height, width, channels)` of a convolutional model and its first tensor.

    Raises:
        ValueError: If the input shape is not that of an image.
    """
    shape = checked_shape(input_shape)
    if len(shape) != 3:
        raise check.invalid(
            "input_shape",
            f"(height, width, channels): the model {kind!r} is convolutional",
            shape,
            "Choose linear, shallow, deep, wide, forest or tabm for tables, or a data set of "
            "images.",
        )
    return entrance(shape, rescale)


def resize(x: keras.KerasTensor, size: Sequence[int], **options: Any) -> keras.KerasTensor:
    """Pictures of another height and width, by bilinear interpolation.

    Keras's layer takes itself to be in training where a model is simply called, `model(x)`, and so
    do all layers behind it: batch normalisations would use and move the batch's statistics. `fit`
    says itself that it trains.
    """
    return keras.layers.Resizing(*size, **options, name="resize")(x, training=False)


def flat(input_shape: Sequence[int], rescale: Rescale | None) -> Entrance:
    """The input of any shape and its first tensor, flattened to `(batch, features)`."""
    shape = checked_shape(input_shape)
    inputs, x = entrance(shape, rescale)
    return inputs, keras.layers.Flatten(name="flatten")(x) if len(shape) > 1 else x


def features(kind: str, input_shape: Sequence[int], rescale: Rescale | None) -> Entrance:
    """The input `(features,)` of a model for tables and its first tensor.

    Raises:
        ValueError: If the input shape is not that of a table's row.
    """
    shape = checked_shape(input_shape)
    if len(shape) != 1:
        raise check.invalid(
            "input_shape",
            f"(features,): the model {kind!r} reads tables",
            shape,
            "Choose cnn or a residual network for images.",
        )
    return entrance(shape, rescale)


def checked_shape(input_shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of one example as whole numbers."""
    if not isinstance(input_shape, tuple | list) or not input_shape:
        raise check.invalid("input_shape", "the shape of one example, (8, 8, 1) say", input_shape)
    return tuple(check.integer("input_shape", extent, low=1) for extent in input_shape)


def entrance(shape: tuple[int, ...], rescale: Rescale | None) -> Entrance:
    """The input and `scale * input + offset`: byte images enter with 1/255 at least."""
    inputs = keras.Input(shape, name="inputs")
    if rescale is None:
        return inputs, inputs
    if isinstance(rescale, tuple):
        scale, offset = rescale
    else:
        scale, offset = check.number("rescale", rescale), 0.0
    return inputs, keras.layers.Rescaling(scale, offset, name="rescale")(inputs)


def head(x: keras.KerasTensor, outputs: int, task: str) -> keras.KerasTensor:
    """The last layer: logits of classes or labels, values for regression.

    It computes in the precision of the weights, so that a mixed policy does not round logits.
    """
    outputs = checked_outputs(outputs, task)
    dtype = keras.config.dtype_policy().variable_dtype
    return keras.layers.Dense(outputs, name="head", dtype=dtype)(x)


def checked_outputs(outputs: int, task: str) -> int:
    """How many outputs there are, which must suit the task."""
    check.choice("task", task, TASKS)
    outputs = check.integer("outputs", outputs, low=1)
    if task == "binary" and outputs != 1:
        raise check.invalid("outputs", "1, the one logit of a binary task", outputs)
    if task == "classification" and outputs < 2:
        raise check.invalid("outputs", "at least 2 classes", outputs, "Use task='binary'.")
    return outputs
