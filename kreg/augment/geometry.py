"""3x3 matrices of whole batches: nested tuples whose entries are numbers or tensors (records,)."""

import tensorflow as tf

IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def product(left, right):
    """The matrix product; exact where all entries are whole numbers."""
    columns = tuple(zip(*right))
    return tuple(tuple(dot(row, column) for column in columns) for row in left)


def dot(row, column):
    """The sum of products, without the terms that are known to vanish."""
    total = 0.0
    for a, b in zip(row, column):
        if is_number(a, 0.0) or is_number(b, 0.0):
            continue
        term = b if is_number(a, 1.0) else a if is_number(b, 1.0) else a * b
        total = term if is_number(total, 0.0) else total + term
    return total


def is_number(value, number: float) -> bool:
    return isinstance(value, (int, float)) and value == number


def shift(x, y):
    return ((1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0))


def linear(a, b, c, d):
    return ((a, b, 0.0), (c, d, 0.0), (0.0, 0.0, 1.0))


def about_centre(matrix, height: int, width: int):
    """`matrix` with the middle of the image as its fixed point."""
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    (a, b, _), (c, d, _), _ = matrix
    return (
        (a, b, x - (a * x + b * y)),
        (c, d, y - (c * x + d * y)),
        (0.0, 0.0, 1.0),
    )


def is_affine(matrix) -> bool:
    return is_number(matrix[2][0], 0.0) and is_number(matrix[2][1], 0.0)


def coefficients(matrix, records) -> tf.Tensor:
    """The rows of an affine map, (records, 6), or of a projective one, (records, 9)."""
    rows = matrix[:2] if is_affine(matrix) else matrix
    entries = [tf.cast(entry, tf.float32) for row in rows for entry in row]
    return tf.stack([tf.broadcast_to(entry, [records]) for entry in entries], axis=1)


def full_window(spec):
    """The source rectangle that may be read: (left, right, top, bottom), all included."""
    return 0.0, spec.width - 1.0, 0.0, spec.height - 1.0


def seen_through(window, matrix, spec):
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


def stacked_window(window, records) -> tf.Tensor:
    sides = [tf.broadcast_to(tf.cast(side, tf.float32), [records]) for side in window]
    return tf.stack(sides, axis=1)
