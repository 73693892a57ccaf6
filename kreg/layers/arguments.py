"""The arguments that all noise layers share, checked once."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from kreg import check, schedules
from kreg.layers.options import BLOCK, RATE
from kreg.schedules import Schedule

Rate = float | Schedule | dict[str, Any]  # what a user may pass: also a schedule's configuration
Shape = tuple[int | None, ...]

FORMATS = ("channels_last", "channels_first")
SEED_LIMIT = 2**31 - 1  # what the seed type of every backend can hold


def rate(value: Rate, name: str = "rate") -> float | Schedule:
    """A drop rate: a number in [0, 1), or a schedule that never leaves it."""
    if isinstance(value, dict | Schedule):
        return schedules.get(name, value, **RATE)
    try:
        return check.number(name, value, **RATE)
    except ValueError:
        advice = "It is the fraction that is dropped; 1 itself would drop everything."
        raise check.invalid(name, "a float value between 0 and 1", value, advice) from None


def seed(value: int | None) -> int | None:
    """`None` or a whole number in [0, 2**31)."""
    return None if value is None else check.integer("seed", value, low=0, high=SEED_LIMIT)


def noise_shape(value: Iterable[int | None] | None) -> Shape | None:
    """`None`, or a tuple with one entry for each axis: a size, or `None` for the input's own."""
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise check.invalid("noise_shape", "a tuple or list of integers", value)
    shape = tuple(value)
    for size in shape:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int)):
            raise check.invalid("noise_shape", "all elements to be integers or None", value)
        if size is not None and size <= 0:
            expected = "all dimensions to be positive integers or None"
            raise check.invalid("noise_shape", expected, value)
    return shape


def fitted(shape: Shape, input_shape: Shape) -> None:
    """Refuse a `noise_shape` that cannot be broadcast over an input of `input_shape`."""
    expected = f"one size an axis, None, 1 or the input's own, for an input {tuple(input_shape)}"
    if len(shape) != len(input_shape):
        raise check.invalid("noise_shape", expected, shape)
    for size, of_input in zip(shape, input_shape, strict=True):
        if size not in (None, 1) and of_input is not None and size != of_input:
            raise check.invalid("noise_shape", expected, shape)


def data_format(value: str | None) -> str:
    """`"channels_last"` or `"channels_first"`; `None` is Keras's own setting."""
    value = keras.config.image_data_format() if value is None else value
    return check.choice("data_format", value, FORMATS)


def block_size(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """A size >= 1 for each spatial axis; one number stands for all of them."""
    sizes = value if isinstance(value, tuple | list) else (value,) * axes
    if len(sizes) != axes:
        raise check.invalid("block_size", f"one whole number, or {axes} of them", value)
    return tuple(check.integer("block_size", size, **BLOCK) for size in sizes)
