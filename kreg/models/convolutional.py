"""A plain convolutional network for small images."""

from collections.abc import Sequence

import keras

from kreg import check
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT
from kreg.models.size import scaled

SMALLEST_POOLED = 4  # a map of fewer rows or columns is not pooled again


def cnn(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 3,
    width: int = 32,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    batch_norm: bool = False,
    rescale: Rescale | None = None,
) -> keras.Model:
    """`depth` times 3x3 convolution, ReLU and 2x2 pooling; global average; one hidden layer; head.

    Every convolution has twice the filters of the one before. Pooling stops when the map has
    fewer than 4 rows or columns, so that any image size and depth fit.

    Args:
        input_shape: `(height, width, channels)`.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        depth: Whole number >= 1 of convolutions. Defaults to `3`.
        width: Whole number >= 1 of filters in the first. Defaults to `32`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked after every
            activation. Defaults to `0`.
        batch_norm: Whether to normalise before each convolution's ReLU. Defaults to `False`.
        rescale: Factor on the inputs, `1 / 255` for byte images, or `(scale, offset)`, of numbers
            or arrays. Defaults to `None`.

    Raises:
        ValueError: If the inputs are not images.

    >>> cnn((8, 8, 1), 10, "classification", width=4).output_shape
    (None, 10)
    """
    depth = check.integer("depth", depth, **COUNT)
    filters = scaled(width, scale)
    noise = NoisePlaces(dropout, conv=depth, dense=1)
    inputs, x = inputs_and_head.images("cnn", input_shape, rescale)
    for index in range(depth):
        x = convolution(
            x, f"conv_{index + 1}", filters * 2**index, check.flag("batch_norm", batch_norm)
        )
        x = noise.conv(pooled(x, f"pool_{index + 1}"))
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    units = filters * 2**depth
    x = keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal", name="hidden")(
        x
    )
    return keras.Model(inputs, inputs_and_head.head(noise.dense(x), outputs, task), name="cnn")


def convolution(
    x: keras.KerasTensor, name: str, filters: int, batch_norm: bool
) -> keras.KerasTensor:
    """3x3 convolution, normalisation if asked for, ReLU."""
    x = keras.layers.Conv2D(
        filters,
        3,
        padding="same",
        use_bias=not batch_norm,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if batch_norm:
        x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def pooled(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """2x2 maximum, where the map is large enough."""
    if min(x.shape[1:3]) < SMALLEST_POOLED:
        return x
    return keras.layers.MaxPooling2D(name=name)(x)
