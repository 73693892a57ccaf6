"""3x3 matrices of whole batches: nested tuples whose entries are numbers or tensors (records,)."""

from typing import TypeAlias

import tensorflow as tf

from kreg.augment.engine.input_spec import ImageSpec

Entry: TypeAlias = float | tf.Tensor
Row = tuple[Entry, Entry, Entry]
Matrix = tuple[Row, Row, Row]
Window = tuple[Entry, Entry, Entry, Entry]  # left, right, top, bottom, all included

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def product(left: Matrix, right: Matrix) -> Matrix:
    """The matrix product; exact where all entries are whole numbers."""
    first, second, third = (
        (dot(row, right, 0), dot(row, right, 1), dot(row, right, 2)) for row in left
    )
    return first, second, third


def dot(row: Row, right: Matrix, column: int) -> Entry:
    """The sum of products, without the terms that are known to vanish."""
    total: Entry = 0.0
    for a, b in zip(row, (other[column] for other in right)):
        if is_number(a, 0.0) or is_number(b, 0.0):
            continue
        term = b if is_number(a, 1.0) else a if is_number(b, 1.0) else a * b
        total = term if is_number(total, 0.0) else total + term
    return total


def is_number(value: Entry, number: float) -> bool:
    return isinstance(value, (int, float)) and value == number


def shift(x: Entry, y: Entry) -> Matrix:
    return ((1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0))


def linear(a: Entry, b: Entry, c: Entry, d: Entry) -> Matrix:
    return ((a, b, 0.0), (c, d, 0.0), (0.0, 0.0, 1.0))


def about_centre(matrix: Matrix, height: int, width: int) -> Matrix:
    """`matrix` with the middle of the image as its fixed point."""
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    (a, b, _), (c, d, _), _ = matrix
    return (
        (a, b, x - (a * x + b * y)),
        (c, d, y - (c * x + d * y)),
        (0.0, 0.0, 1.0),
    )


def is_affine(matrix: Matrix) -> bool:
    return is_number(matrix[2][0], 0.0) and is_number(matrix[2][1], 0.0)


def coefficients(matrix: Matrix, records: tf.Tensor | int) -> tf.Tensor:
    """The rows of an affine map, (records, 6), or of a projective one, (records, 9)."""
    rows = matrix[:2] if is_affine(matrix) else matrix
    entries = [tf.cast(entry, tf.float32) for row in rows for entry in row]
    return tf.stack([tf.broadcast_to(entry, [records]) for entry in entries], axis=1)


def full_window(spec: ImageSpec) -> Window:
    """The source rectangle that may be read."""
    return 0.0, spec.width - 1.0, 0.0, spec.height - 1.0


def seen_through(window: Window, matrix: Matrix, spec: ImageSpec) -> Window:
    """`window` cut to what a frame of size `spec` shows, where `matrix` maps frame to source."""
    (a, _, x), (_, d, y), _ = matrix
    left, right, top, bottom = window
    x_far, y_far = a * (spec.width - 1.0) + x, d * (spec.height - 1.0) + y
    return (
        tf.maximum(left, tf.minimum(x, x_far)),
        tf.minimum(right, tf.maximum(x, x_far)),
        tf.maximum(top, tf.minimum(y, y_far)),
        tf.minimum(bottom, tf.maximum(y, y_far)),
    )


def stacked_window(window: Window, records: tf.Tensor | int) -> tf.Tensor:
    sides = [tf.broadcast_to(tf.cast(side, tf.float32), [records]) for side in window]
    return tf.stack(sides, axis=1)


def square_to_quad(xs: list[tf.Tensor], ys: list[tf.Tensor]) -> Matrix:
    """The projective map of the unit square onto four corners."""
    dx1, dx2, sx = xs[1] - xs[2], xs[3] - xs[2], xs[0] - xs[1] + xs[2] - xs[3]
    dy1, dy2, sy = ys[1] - ys[2], ys[3] - ys[2], ys[0] - ys[1] + ys[2] - ys[3]
    determinant = dx1 * dy2 - dx2 * dy1
    g = (sx * dy2 - dx2 * sy) / determinant
    h = (dx1 * sy - sx * dy1) / determinant
    return (
        (xs[1] - xs[0] + g * xs[1], xs[3] - xs[0] + h * xs[3], xs[0]),
        (ys[1] - ys[0] + g * ys[1], ys[3] - ys[0] + h * ys[3], ys[0]),
        (g, h, 1.0),
    )


def identity_where(still: tf.Tensor, matrix: Matrix) -> Matrix:
    """`matrix`, but exactly the identity where `still`: division would leave a rounding."""
    first, second, third = (
        tuple(tf.where(still, neutral, entry) for neutral, entry in zip(plain, row))
        for plain, row in zip(IDENTITY, matrix)
    )
    return first, second, third
