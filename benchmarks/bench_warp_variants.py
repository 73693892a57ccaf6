"""What beats the plain four-tap gather at 224x224? Variants of the bilinear warp, side by side.

    python benchmarks/bench_warp_variants.py

One rotation within 15 degrees of 16 uint8 images, constant fill. Microseconds of processor time per
image, median of the interleaved rounds, and the largest difference from the kernel that kreg uses.

    kreg            four gathers of whole pixels, weights masked at the border
    clamped         the same without masks: what the border costs
    packed          pixels packed into one int32 each, four gathers of one word, unpacked by shifts
    bfloat16 taps   taps and weights in bfloat16: half the precision, for half the bytes
    int16 taps      weights in 1/128, integer multiply-add
    two passes      Catmull-Smith: along rows, then along columns, two taps each, float between
    strips          28 rows at a time by `tf.map_fn`: smaller working set
    one image       image by image by `tf.map_fn`
    TensorFlow op   ImageProjectiveTransformV3 in float32
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from kreg.augment.engine import matrices, warp

SIZE, RECORDS, ROUNDS, CALLS = 224, 16, 5, 4
I32, F32 = tf.int32, tf.float32


def rotations():
    turn = np.random.default_rng(0).uniform(-15, 15, RECORDS).astype(np.float32)
    angle = tf.constant(np.deg2rad(turn))
    cos, sin = tf.cos(angle), tf.sin(angle)
    inverse = matrices.about_centre(matrices.linear(cos, -sin, sin, cos), SIZE, SIZE)
    return matrices.coefficients(inverse, RECORDS)


def grid(matrix):
    """Whole and fractional parts of the source positions."""
    x, y = warp.positions(matrix, (SIZE, SIZE))
    left, top = tf.floor(x), tf.floor(y)
    return tf.cast(left, I32), tf.cast(top, I32), x - left, y - top


def rounded(z):
    return tf.cast(tf.clip_by_value(z, 0.0, 255.0) + 0.5, tf.uint8)


def kreg(z, matrix):
    return rounded(warp.bilinear(z, matrix, (SIZE, SIZE), "constant", 0.0))


def clamped(z, matrix):
    return rounded(warp.bilinear(z, matrix, (SIZE, SIZE), "nearest", 0.0))


def taps(left, top, wx, wy):
    """Row, column and weight of the four neighbours; the weight is 0 outside of the image."""
    for row, v in ((top, 1.0 - wy), (top + 1, wy)):
        for column, h in ((left, 1.0 - wx), (left + 1, wx)):
            valid = warp.inside(row, SIZE) & warp.inside(column, SIZE)
            at = tf.clip_by_value(row, 0, SIZE - 1) * SIZE + tf.clip_by_value(column, 0, SIZE - 1)
            yield at, tf.where(valid, v * h, 0.0)


def packed(z, matrix):
    words = [tf.cast(z[..., c], I32) for c in range(3)]
    words = tf.reshape(words[0] + words[1] * 256 + words[2] * 65536, [-1])
    start = (tf.range(RECORDS) * SIZE * SIZE)[:, None, None]
    total = [0.0, 0.0, 0.0]
    for at, weight in taps(*grid(matrix)):
        word = tf.gather(words, start + at)
        for c in range(3):
            level = tf.bitwise.bitwise_and(tf.bitwise.right_shift(word, 8 * c), 255)
            total[c] += weight * tf.cast(level, F32)
    return rounded(tf.stack(total, axis=-1))


def in_dtype(z, matrix, dtype, scale):
    pixels, start = warp.pixel_rows(z)
    total = tf.constant(0, dtype)
    for at, weight in taps(*grid(matrix)):
        weight = tf.cast(tf.round(weight * scale) if dtype.is_integer else weight, dtype)
        total += weight[..., None] * tf.cast(tf.gather(pixels, start + at), dtype)
    return rounded(tf.cast(total, F32) / scale)


def bfloat16_taps(z, matrix):
    return in_dtype(z, matrix, tf.bfloat16, 1.0)


def int16_taps(z, matrix):
    return in_dtype(z, matrix, tf.int16, 127.0)


def line_taps(lines, position):
    """Linear interpolation inside each line: lines (n, length, channels), position (n, count)."""
    left = tf.floor(position)
    weight = (position - left)[..., None]
    left = tf.cast(left, I32)
    result = 0.0
    for at, w in ((left, 1.0 - weight), (left + 1, weight)):
        inside = tf.cast(warp.inside(at, SIZE), F32)[..., None]
        value = tf.gather(lines, tf.clip_by_value(at, 0, SIZE - 1), batch_dims=1, axis=1)
        result += w * inside * tf.cast(value, F32)
    return result


def rows_pass(z, matrix):
    """x of the source for each source row and output column."""
    a, b, c, d, e, f = (matrix[:, k, None, None] for k in range(6))
    y = tf.range(SIZE, dtype=F32)[None, :, None]
    j = tf.range(SIZE, dtype=F32)[None, None, :]
    i = (y - d * j - f) / e
    position = tf.reshape(a * j + b * i + c, [-1, SIZE])
    moved = line_taps(tf.reshape(z, [-1, SIZE, 3]), position)
    return tf.reshape(moved, [RECORDS, SIZE, SIZE, 3])


def columns_pass(z, matrix):
    """y of the source for each output pixel, from the image whose columns are right already."""
    _, y = warp.positions(matrix, (SIZE, SIZE))
    lines = tf.reshape(tf.transpose(z, [0, 2, 1, 3]), [-1, SIZE, 3])
    position = tf.reshape(tf.transpose(y, [0, 2, 1]), [-1, SIZE])
    moved = tf.reshape(line_taps(lines, position), [RECORDS, SIZE, SIZE, 3])
    return rounded(tf.transpose(moved, [0, 2, 1, 3]))


def strips(z, matrix, rows=28):
    """The matrix of each strip is that of the image, moved down to the strip's first row."""
    zero = tf.zeros_like(matrix[:, 0])
    per_row = tf.stack([zero, zero, matrix[:, 1], zero, zero, matrix[:, 4]], axis=1)

    def strip(first):
        below = matrix + tf.cast(first, F32) * per_row
        return rounded(warp.bilinear(z, below, (rows, SIZE), "constant", 0.0))

    parts = tf.map_fn(strip, tf.range(0, SIZE, rows), fn_output_signature=tf.uint8)
    return tf.reshape(tf.transpose(parts, [1, 0, 2, 3, 4]), [RECORDS, SIZE, SIZE, 3])


def one_image(z, matrix):
    def one(pair):
        return kreg(pair[0][None], pair[1][None])[0]

    return tf.map_fn(one, (z, matrix), fn_output_signature=tf.uint8)


def tensorflow_op(z, matrix):
    return rounded(warp.projective_op(z, matrix, (SIZE, SIZE), "constant", 0.0))


def jitted(*functions):
    compiled = [tf.function(f, jit_compile=True) for f in functions]

    def run(z, matrix):
        for f in compiled:
            z = f(z, matrix)
        return z

    return run


VARIANTS = {
    "kreg": jitted(kreg),
    "clamped": jitted(clamped),
    "packed": jitted(packed),
    "bfloat16 taps": jitted(bfloat16_taps),
    "int16 taps": jitted(int16_taps),
    "two passes": jitted(rows_pass, columns_pass),
    "strips": jitted(strips),
    "one image": jitted(one_image),
    "TensorFlow op": tf.function(tensorflow_op),
}


def main():
    coarse = np.random.default_rng(0).integers(0, 256, (RECORDS, 28, 28, 3), dtype=np.uint8)
    z, matrix = tf.constant(coarse.repeat(8, axis=1).repeat(8, axis=2)), rotations()
    reference = VARIANTS["kreg"](z, matrix).numpy().astype(int)
    worst = {n: np.abs(f(z, matrix).numpy() - reference) for n, f in VARIANTS.items()}
    times = {name: [] for name in VARIANTS}
    for _ in range(ROUNDS):
        for name, run in VARIANTS.items():
            start = time.process_time()
            for _ in range(CALLS):
                run(z, matrix)
            times[name].append((time.process_time() - start) / (CALLS * RECORDS) * 1e6)
    base = statistics.median(times["kreg"])
    print(f"{'':16}{'us/image':>10}{'x kreg':>8}{'max diff':>10}{'mean diff':>11}")
    for name, found in times.items():
        cpu = statistics.median(found)
        difference = worst[name]
        row = (
            f"{name:16}{cpu:10.0f}{cpu / base:8.2f}{difference.max():10d}{difference.mean():11.3f}"
        )
        print(row)


if __name__ == "__main__":
    main()
