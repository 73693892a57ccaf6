"""Gather kernels: one batch of images read at the positions that a matrix per image gives.

Positions count pixels from the centre of the first one. The four taps of the bilinear kernel are
four gathers of whole pixels, which XLA turns into one vectorised loop.
"""

import tensorflow as tf

Size = tuple[int, int]  # height and width


def positions(matrix: tf.Tensor, size: Size) -> tuple[tf.Tensor, tf.Tensor]:
    """Source x and y of each output pixel, each (records, height, width)."""
    j = tf.range(size[1], dtype=tf.float32)[None, None, :]
    i = tf.range(size[0], dtype=tf.float32)[None, :, None]
    rows = [matrix[:, 3 * k : 3 * k + 3, None, None] for k in range(matrix.shape[1] // 3)]
    x, y, *depth = [r[:, 0] * j + r[:, 1] * i + r[:, 2] for r in rows]
    return (x / depth[0], y / depth[0]) if depth else (x, y)


def fold(index: tf.Tensor, size: int, mode: str) -> tf.Tensor:
    """An index inside [0, size) for any whole number."""
    if mode == "reflect":
        index = tf.math.floormod(index, 2 * size)
        return tf.minimum(index, 2 * size - 1 - index)
    if mode == "wrap":
        return tf.math.floormod(index, size)
    return tf.clip_by_value(index, 0, size - 1)


def inside(index: tf.Tensor, size: int) -> tf.Tensor:
    return (index >= 0) & (index < size)


def pixel_rows(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """All pixels of a batch in one list, and where each image starts in it."""
    records, height, width, channels = tf.unstack(tf.shape(images))
    pixels = tf.reshape(images, [records * height * width, images.shape[3]])
    return pixels, (tf.range(records) * (height * width))[:, None, None]


def bilinear(
    images: tf.Tensor, matrix: tf.Tensor, size: Size, fill_mode: str, fill_value: float
) -> tf.Tensor:
    """Float images of the given size, each pixel a blend of its four neighbours in the source."""
    height, width = images.shape[1:3]
    x, y = positions(matrix, size)
    left, top = tf.floor(x), tf.floor(y)
    right_weight, bottom_weight = x - left, y - top
    left, top = tf.cast(left, tf.int32), tf.cast(top, tf.int32)
    pixels, start = pixel_rows(images)
    constant = fill_mode == "constant"
    total: tf.Tensor = 0.0
    covered: tf.Tensor = 0.0
    for row, row_weight in ((top, 1.0 - bottom_weight), (top + 1, bottom_weight)):
        for column, column_weight in ((left, 1.0 - right_weight), (left + 1, right_weight)):
            weight = row_weight * column_weight
            if constant:
                weight = tf.where(inside(row, height) & inside(column, width), weight, 0.0)
                covered += weight
            at = start + fold(row, height, fill_mode) * width + fold(column, width, fill_mode)
            total += weight[..., None] * tf.cast(tf.gather(pixels, at), tf.float32)
    return total + (1.0 - covered)[..., None] * fill_value if constant and fill_value else total


def nearest(
    images: tf.Tensor, matrix: tf.Tensor, size: Size, fill_mode: str, fill_value: float | tf.Tensor
) -> tf.Tensor:
    """Images of the given size and the same dtype, each pixel the nearest one of the source."""
    height, width = images.shape[1:3]
    x, y = (tf.cast(tf.floor(p + 0.5), tf.int32) for p in positions(matrix, size))
    pixels, start = pixel_rows(images)
    at = start + fold(y, height, fill_mode) * width + fold(x, width, fill_mode)
    found = tf.gather(pixels, at)
    if fill_mode != "constant":
        return found
    valid = (inside(y, height) & inside(x, width))[..., None]
    return tf.where(valid, found, tf.cast(fill_value, images.dtype))


OUTSIDE = -1


def sources(
    matrix: tf.Tensor, window: tf.Tensor, source: Size, size: Size, fill_mode: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """For maps that only flip and shift by whole pixels: the source row of each output row and the
    source column of each output column, (records, size), `OUTSIDE` where fill is seen."""
    j, i = (tf.range(n, dtype=tf.float32)[None] for n in (size[1], size[0]))
    x = matrix[:, 0:1] * j + matrix[:, 2:3]
    y = matrix[:, 4:5] * i + matrix[:, 5:6]
    rows, columns = tf.cast(y, tf.int32), tf.cast(x, tf.int32)
    if fill_mode != "constant":
        return fold(rows, source[0], fill_mode), fold(columns, source[1], fill_mode)
    seen_x = (x >= window[:, 0:1]) & (x <= window[:, 1:2])
    seen_y = (y >= window[:, 2:3]) & (y <= window[:, 3:4])
    return tf.where(seen_y, rows, OUTSIDE), tf.where(seen_x, columns, OUTSIDE)


def move(
    images: tf.Tensor,
    rows: tf.Tensor,
    columns: tf.Tensor,
    fill_mode: str,
    fill: tf.Tensor,
    dtype: tf.DType,
) -> tf.Tensor:
    """Images of whole rows and columns of others, in another dtype; exact in every dtype."""
    chosen = tf.gather(images, tf.maximum(rows, 0), batch_dims=1, axis=1)
    chosen = tf.gather(chosen, tf.maximum(columns, 0), batch_dims=1, axis=2)
    chosen = tf.cast(chosen, dtype)
    if fill_mode != "constant":
        return chosen
    # a product of two small factors: `tf.where` or a frame of fill around the image cost more
    row, column = (tf.cast(part >= 0, dtype) for part in (rows, columns))
    seen = row[:, :, None, None] * column[:, None, :, None]
    return chosen * seen + tf.cast(fill, dtype) * (1 - seen)


def projective_op(
    images: tf.Tensor, matrix: tf.Tensor, size: Size, fill_mode: str, fill_value: float
) -> tf.Tensor:
    """`bilinear` by TensorFlow's own kernel: faster than gathers where XLA is not available.

    Always in float32: on uint8 the kernel truncates, which darkens by half a grey level.
    """
    if matrix.shape[1] == 6:
        transforms = tf.pad(matrix, [[0, 0], [0, 2]])
    else:
        transforms = (matrix / matrix[:, 8:9])[:, :8]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=transforms,
        output_shape=tf.constant(size),
        fill_value=tf.constant(fill_value, tf.float32),
        interpolation="BILINEAR",
        fill_mode=fill_mode.upper(),
    )
