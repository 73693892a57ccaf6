"""Linear colour maps of whole batches, and their composition.

Each is `z -> (a + b*J) z + g * gray(z) + k`. gray(z) is the weighted mean of the channels
and J turns the colour of a pixel by a quarter of the hue circle without touching its gray. Because
gray(1) is 1, gray(J z) is 0 and J J = -1 on colours, the product of two maps is the product of
two complex numbers a + b*i beside the product of the grays.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

LUMA = (0.299, 0.587, 0.114)
YIQ = np.array([LUMA, (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135)])
YIQ[1:] -= YIQ[1:].sum(axis=1, keepdims=True) / 3  # gray has no colour, exactly
QUARTER = np.linalg.inv(YIQ) @ np.array([[0, 0, 0], [0, 0, -1], [0, 1, 0]]) @ YIQ


class ColorMatrix(NamedTuple):
    """Numbers or (records,), `k` also (records, channels or 1); `b` is `None` without hue."""

    a: tf.Tensor = 1.0
    g: tf.Tensor = 0.0
    k: tf.Tensor = 0.0
    b: tf.Tensor | None = None


def weights(channels: int) -> tuple[float, ...]:
    return LUMA if channels == 3 else (1.0 / channels,) * channels


def gray(z: tf.Tensor) -> tf.Tensor:
    """The gray of pixels or mean colours: (..., channels) to (..., 1)."""
    terms = [z[..., c : c + 1] * w for c, w in enumerate(weights(z.shape[-1]))]
    return sum(terms[1:], terms[0])


def quarter_turn(z: tf.Tensor) -> tf.Tensor:
    """J z, for three channels."""
    return sum(z[..., c : c + 1] * tf.constant(QUARTER[:, c], tf.float32) for c in range(3))


def spread(value: tf.Tensor, rank: int) -> tf.Tensor:
    """Per-record numbers (records,) or (records, channels), shaped to multiply images."""
    if not isinstance(value, tf.Tensor):
        return value
    channels = value[:, None] if value.shape.rank == 1 else value
    return tf.reshape(channels, [-1, *[1] * (rank - 2), channels.shape[1]])


def apply(matrix: ColorMatrix, z: tf.Tensor) -> tf.Tensor:
    """The map of images (records, height, width, channels) or of mean colours."""
    rank = z.shape.rank
    result = spread(matrix.a, rank) * z
    if matrix.b is not None:
        result += spread(matrix.b, rank) * quarter_turn(z)
    constant = matrix.g is None or (isinstance(matrix.g, float) and matrix.g == 0.0)
    offset = spread(matrix.k, rank)
    return result + (offset if constant else spread(matrix.g, rank) * gray(z) + offset)


def compose(later: ColorMatrix, earlier: ColorMatrix) -> ColorMatrix:
    """`z -> later(earlier(z))`."""
    b1, b2 = earlier.b, later.b
    a, b = later.a * earlier.a, None
    if b1 is not None or b2 is not None:
        b1, b2 = 0.0 if b1 is None else b1, 0.0 if b2 is None else b2
        a, b = a - b2 * b1, later.a * b1 + b2 * earlier.a
    g = (later.a + later.g) * (earlier.a + earlier.g) - a
    return ColorMatrix(a, g, moved_offset(later, earlier.k), b)


def moved_offset(later: ColorMatrix, k: tf.Tensor) -> tf.Tensor:
    if isinstance(k, float) and k == 0.0:
        return later.k
    if k.shape[1] == 1:  # the same for all channels: a gray
        return k * (later.a + later.g)[:, None] + later.k
    return apply(later, k)
