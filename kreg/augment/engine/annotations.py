"""Keypoints and boxes: they go where the pixels under them go, by the matrix of the same draw.

Keypoints are (x, y) in pixels from the centre of the first one, boxes (left, top, right, bottom) in
pixels from its outer corner: the box of a whole image is (0, 0, width, height), as in torchvision.
A batch has a fixed number of each; a flag beside each says whether it is there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

Annotations = dict[str, tf.Tensor]  # keypoints and boxes, each with its flags

SIZES = {"keypoints": 2, "boxes": 4}
CORNERS = ((0, 1), (2, 1), (0, 3), (2, 3))


def unpack(batch: Mapping[str, Any]) -> Annotations | None:
    """The keypoints and boxes of a dictionary batch, each with its flags; `None` without any."""
    found: Annotations = {}
    for key in sorted(SIZES.keys() & batch.keys()):
        values = tf.cast(tf.convert_to_tensor(batch[key]), tf.float32)
        if values.shape.rank != 3 or values.shape[2] != SIZES[key]:
            raise ValueError(
                f'Expected "{key}" of shape (batch, number, {SIZES[key]}), the same number for '
                f"each record, with {flags(key)!r} for those that only fill up. "
                f"Received: shape={values.shape}."
            )
        valid = batch.get(flags(key))
        is_there = tf.ones(tf.shape(values)[:2], tf.bool) if valid is None else valid
        found |= {key: values, flags(key): tf.cast(is_there, tf.bool)}
    return found or None


def flags(key: str) -> str:
    return f"{key}_valid"


def moved(
    annotations: Annotations, matrix: tf.Tensor, window: tf.Tensor, size: tuple[int, int]
) -> Annotations:
    """Where everything is after one group of geometry.

    Args:
        annotations: What `unpack` returned.
        matrix: (records, 6) or (records, 9): from output to source positions, as for the pixels.
        window: The part of the source that is seen, (left, right, top, bottom) of (records, 4).
        size: Height and width of the output.
    """
    records = tf.shape(next(iter(annotations.values())))[0]
    forward, window = inverse(matrix[:records]), window[:records, None]
    result = dict(annotations)
    if "keypoints" in annotations:
        move_points(result, forward, window, size)
    if "boxes" in annotations:
        move_boxes(result, forward, window, size)
    return result


def move_points(
    result: Annotations, forward: tf.Tensor, window: tf.Tensor, size: tuple[int, int]
) -> None:
    points = result["keypoints"]
    seen = result["keypoints_valid"] & within(points, tf.unstack(window, axis=2))
    points = mapped(forward, points)
    seen &= within(points, (0.0, size[1] - 1.0, 0.0, size[0] - 1.0))
    result.update(keypoints=points, keypoints_valid=seen)


def within(points: tf.Tensor, sides: Iterable[Any]) -> tf.Tensor:
    """Whether points lie on a pixel from left to right and top to bottom, all included."""
    x, y = points[..., 0], points[..., 1]
    left, right, top, bottom = sides
    across = (x >= left - 0.5) & (x < right + 0.5)
    return across & (y >= top - 0.5) & (y < bottom + 0.5)


def move_boxes(
    result: Annotations, forward: tf.Tensor, window: tf.Tensor, size: tuple[int, int]
) -> None:
    """The bounding box of the moved corners, cut to what is seen; gone where nothing is left."""
    left, right, top, bottom = tf.unstack(window, axis=2)
    boxes = cut(result["boxes"], (left, top, right + 1.0, bottom + 1.0))
    corners = tf.stack([tf.gather(boxes, pair, axis=2) for pair in CORNERS], axis=3)
    number = tf.shape(boxes)[1]
    flat = tf.reshape(tf.transpose(corners, [0, 1, 3, 2]), [-1, number * 4, 2])
    flat = tf.reshape(mapped(forward, flat - 0.5) + 0.5, [-1, number, 4, 2])
    around = tf.concat([tf.reduce_min(flat, axis=2), tf.reduce_max(flat, axis=2)], axis=2)
    height, width = float(size[0]), float(size[1])
    around = cut(around, (0.0, 0.0, width, height))
    valid = result["boxes_valid"] & has_area(boxes) & has_area(around)
    result.update(boxes=around, boxes_valid=valid)


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
