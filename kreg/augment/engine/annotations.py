"""Keypoints and boxes: they go where the pixels under them go, by the matrix of the same draw.

Keypoints are (x, y) in pixels from the centre of the first one, boxes (left, top, right, bottom) in
pixels from its outer corner: the box of a whole image is (0, 0, width, height), as in torchvision.
A batch has a fixed number of each; a flag beside each says whether it is there.
"""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

SIZES = {"keypoints": 2, "boxes": 4}
CORNERS = ((0, 1), (2, 1), (0, 3), (2, 3))


def check(kind: str, name: str, values: tf.Tensor) -> None:
    """Refuse keypoints or boxes of another shape."""
    if values.shape.rank != 3 or values.shape[2] != SIZES[kind]:
        raise ValueError(
            f'Expected "{name}" of shape (batch, number, {SIZES[kind]}), the same number for '
            f"each record, with {flags(name)!r} for those that only fill up. "
            f"Received: shape={values.shape}."
        )


def flags(key: str) -> str:
    return f"{key}_valid"


def moved(
    kind: str,
    values: tf.Tensor,
    valid: tf.Tensor,
    matrix: tf.Tensor,
    window: tf.Tensor,
    size: tuple[int, int],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Where everything is after one group of geometry, and whether it is still there.

    Args:
        kind: `"keypoints"` or `"boxes"`.
        values: (records, number, 2 or 4).
        valid: (records, number): whether each was there.
        matrix: (records, 6) or (records, 9): from output to source positions, as for the pixels.
        window: The part of the source that is seen, (left, right, top, bottom) of (records, 4).
        size: Height and width of the output.
    """
    records = tf.shape(values)[0]
    forward, window = inverse(matrix[:records]), window[:records, None]
    move = move_points if kind == "keypoints" else move_boxes
    return move(values, valid, forward, window, size)


def move_points(
    points: tf.Tensor,
    valid: tf.Tensor,
    forward: tf.Tensor,
    window: tf.Tensor,
    size: tuple[int, int],
) -> tuple[tf.Tensor, tf.Tensor]:
    seen = valid & within(points, tf.unstack(window, axis=2))
    points = mapped(forward, points)
    return points, seen & within(points, (0.0, size[1] - 1.0, 0.0, size[0] - 1.0))


def within(points: tf.Tensor, sides: Iterable[Any]) -> tf.Tensor:
    """Whether points lie on a pixel from left to right and top to bottom, all included."""
    x, y = points[..., 0], points[..., 1]
    left, right, top, bottom = sides
    across = (x >= left - 0.5) & (x < right + 0.5)
    return across & (y >= top - 0.5) & (y < bottom + 0.5)


def move_boxes(
    boxes: tf.Tensor,
    valid: tf.Tensor,
    forward: tf.Tensor,
    window: tf.Tensor,
    size: tuple[int, int],
) -> tuple[tf.Tensor, tf.Tensor]:
    """The bounding box of the moved corners, cut to what is seen; gone where nothing is left."""
    left, right, top, bottom = tf.unstack(window, axis=2)
    boxes = cut(boxes, (left, top, right + 1.0, bottom + 1.0))
    corners = tf.stack([tf.gather(boxes, pair, axis=2) for pair in CORNERS], axis=3)
    number = tf.shape(boxes)[1]
    flat = tf.reshape(tf.transpose(corners, [0, 1, 3, 2]), [-1, number * 4, 2])
    flat = tf.reshape(mapped(forward, flat - 0.5) + 0.5, [-1, number, 4, 2])
    around = tf.concat([tf.reduce_min(flat, axis=2), tf.reduce_max(flat, axis=2)], axis=2)
    height, width = float(size[0]), float(size[1])
    around = cut(around, (0.0, 0.0, width, height))
    return around, valid & has_area(boxes) & has_area(around)


def has_area(boxes: tf.Tensor) -> tf.Tensor:
    return (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])


def cut(boxes: tf.Tensor, frame: Iterable[Any]) -> tf.Tensor:
    """Boxes without what lies outside of (left, top, right, bottom)."""
    left, top, right, bottom = frame
    limits = ((left, right), (top, bottom)) * 2
    sides = [
        tf.minimum(tf.maximum(boxes[..., k], low), high) for k, (low, high) in enumerate(limits)
    ]
    return tf.stack(sides, axis=-1)


def mapped(forward: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """Points (records, number, 2) through matrices (records, 3, 3)."""
    x, y = points[..., 0], points[..., 1]
    rows = [
        forward[:, k, 0, None] * x + forward[:, k, 1, None] * y + forward[:, k, 2, None]
        for k in range(3)
    ]
    return tf.stack([rows[0] / rows[2], rows[1] / rows[2]], axis=-1)


def inverse(matrix: tf.Tensor) -> tf.Tensor:
    """The inverse of affine (records, 6) or projective (records, 9) maps, (records, 3, 3).

    By cofactors: exact for flips and shifts by whole pixels.
    """
    if matrix.shape[1] == 6:
        matrix = tf.concat(
            [matrix, tf.broadcast_to([[0.0, 0.0, 1.0]], [tf.shape(matrix)[0], 3])], 1
        )
    first, second, third = (matrix[:, 3 * k : 3 * k + 3] for k in range(3))
    columns = [
        tf.linalg.cross(second, third),
        tf.linalg.cross(third, first),
        tf.linalg.cross(first, second),
    ]
    determinant = tf.reduce_sum(first * columns[0], axis=1)[:, None, None]
    return tf.stack(columns, axis=2) / determinant
