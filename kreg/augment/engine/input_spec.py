"""What the images of a batch are: size, channels, dtype and value range. Declared once."""

from typing import Any, NamedTuple

import tensorflow as tf

from kreg import check

FLOATS = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


class ImageSpec(NamedTuple):
    """Images of shape (height, width, channels) with values in [0, high]."""

    height: int
    width: int
    channels: int
    dtype: tf.DType
    high: float

    @property
    def whole(self) -> bool:
        """Whether values are whole grey levels, rounded after each stage."""
        return bool(self.dtype.is_integer)

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width

    def resized(self, height: int, width: int) -> "ImageSpec":
        return self._replace(height=height, width=width)


class TableSpec(NamedTuple):
    """Rows of `features` real numbers."""

    features: int
    dtype: tf.DType


Spec = ImageSpec | TableSpec


def of(x: tf.Tensor, value_range: tuple[float, float] | None) -> Spec:
    """The spec of a batch (or of its symbolic stand-in), or a sentence about what is wrong."""
    rank = x.shape.rank
    if rank == 2:
        return table(x)
    if rank == 3:
        raise ValueError(
            f"kreg.augment works on batches. Expected images of shape (batch, height, width, "
            f"channels). Received: shape={tuple(x.shape)}. Call `.batch(...)` before "
            f"`.apply(...)`, or add a leading axis."
        )
    if rank == 5:
        raise ValueError(
            f"kreg.augment works on images, not on videos. Expected shape (batch, height, width, "
            f"channels) of one fixed size. Received: shape={x.shape}. Stack the frames as "
            f"channels, or augment frame by frame with one index: each frame has the same draw."
        )
    if rank != 4 or None in x.shape[1:]:
        raise ValueError(
            f"kreg.augment needs images of one fixed size, of shape (batch, height, width, "
            f"channels). Received: shape={x.shape}. Resize images of different sizes first."
        )
    height, width, channels = x.shape[1:]
    return ImageSpec(height, width, channels, x.dtype, highest(x.dtype, value_range))


def table(x: tf.Tensor) -> TableSpec:
    if x.dtype not in FLOATS:
        raise ValueError(
            f"Tables must be floating point to be augmented. Received: dtype={x.dtype.name}."
        )
    return TableSpec(x.shape[1], x.dtype)


def highest(dtype: tf.DType, value_range: tuple[float, float] | None) -> float:
    """The largest value of an image; `nan` where a float image declares no range."""
    if dtype != tf.uint8 and dtype not in FLOATS:
        raise ValueError(
            f"Images must be uint8 (0 to 255) or floating point. Received: dtype={dtype.name}."
        )
    if dtype == tf.uint8 and value_range not in (None, (0, 255)):
        raise check.invalid("value_range", "(0, 255) or None for uint8 images", value_range)
    if dtype == tf.uint8:
        return 255.0
    return float("nan") if value_range is None else value_range[1]


def value_range(value: Any) -> tuple[float, float] | None:
    """A checked `value_range` argument."""
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise check.invalid("value_range", "a pair (0, highest value)", value)
    low, high = value
    if check.number("value_range", low) != 0:
        raise check.invalid(
            "value_range", "a pair that starts at 0", value, "Augment before images are centred."
        )
    return 0, check.number("value_range", high, low=0, low_open=True)
