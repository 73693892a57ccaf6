"""Random numbers as a pure function of (seed, epoch, record index, column).

Nothing is drawn from a generator, so that nothing depends on the order of calls: the same record in
the same epoch gets the same numbers in any batch, thread, process or shard, and after a resume.
"""

from collections.abc import Iterable

import tensorflow as tf

GOLDEN = 0x9E3779B9  # 2**32 / golden ratio: far apart for neighbouring columns
MASK = 0xFFFFFFFF
LANES = 32  # vectorised cosines differ in the last bit from scalar ones; full vectors never do


def word(value: int) -> tf.Tensor:
    return tf.constant(value & MASK, tf.uint32)


def xor(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(a, b)


def mix(h: tf.Tensor) -> tf.Tensor:
    """A bijection of 32 bits; one changed bit changes half of them (lowbias32, Wellons 2018)."""
    h = xor(h, tf.bitwise.right_shift(h, word(16))) * word(0x21F0AAAD)
    h = xor(h, tf.bitwise.right_shift(h, word(15))) * word(0xD35A2D97)
    return xor(h, tf.bitwise.right_shift(h, word(15)))


def mix_python(h: int) -> int:
    """`mix` of a Python number."""
    h = (h ^ h >> 16) * 0x21F0AAAD & MASK
    h = (h ^ h >> 15) * 0xD35A2D97 & MASK
    return h ^ h >> 15


def halves(number: tf.Tensor | int) -> tuple[tf.Tensor, tf.Tensor]:
    """The low and the high 32 bits of an int64 tensor."""
    number = tf.cast(number, tf.int64)
    low = tf.cast(tf.bitwise.bitwise_and(number, MASK), tf.uint32)
    high = tf.cast(tf.bitwise.bitwise_and(tf.bitwise.right_shift(number, 32), MASK), tf.uint32)
    return low, high


def record_keys(seed: int, epoch: tf.Tensor | int, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Two hashes per record, 64 bits together, each of shape (records,)."""
    low, high = halves(index)
    start = chained(mix_python(seed & MASK) ^ (seed >> 32 & MASK), halves(epoch))
    first = mix(xor(mix(xor(low, start)), high))
    second = mix(xor(mix(low + start + word(GOLDEN)), high))
    return summed_once(first, second), summed_once(second, word(1))


def chained(seed: int, parts: Iterable[tf.Tensor]) -> tf.Tensor:
    """One hash of the seed and the parts, in order."""
    state = word(mix_python(seed))
    for part in parts:
        state = mix(xor(state, part) + word(GOLDEN))
    return state


def summed_once(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """`a + b`, as a reduction: XLA repeats elementwise work in each consumer, but no reduction."""
    pair = tf.stack([a, tf.broadcast_to(b, tf.shape(a))], axis=1)
    return tf.bitcast(tf.reduce_sum(tf.bitcast(pair, tf.int32), axis=1), tf.uint32)


def unit(bits: tf.Tensor) -> tf.Tensor:
    """uint32 to float32 in [0, 1), on a grid of 2**-24."""
    return tf.cast(tf.bitwise.right_shift(bits, word(8)), tf.float32) * (2.0**-24)


def uniforms(seed: int, epoch: tf.Tensor | int, index: tf.Tensor, columns: int) -> tf.Tensor:
    """Independent uniform numbers in [0, 1), shape (records, columns).

    Args:
        seed: Whole number; its low 64 bits count.
        epoch: Whole number or integer scalar.
        index: Integers of shape (records,): the position of each record in its data set.
        columns: How many numbers each record needs.
    """
    column = tf.cast(tf.range(columns), tf.uint32) * word(GOLDEN) + word(1)
    first, second = record_keys(seed, epoch, index)
    return unit(mix(xor(mix(first[:, None] + column[None]), second[:, None])))


def field(key: tf.Tensor, size: int) -> tf.Tensor:
    """`size` uniform numbers for each record from one key per record: (records, size)."""
    counter = tf.cast(tf.range(size), tf.uint32) * word(GOLDEN) + word(1)
    return unit(mix(xor(key[:, None], mix(counter)[None])))


def field_keys(draw: tf.Tensor) -> tf.Tensor:
    """A key for `field` from two columns of `uniforms`, (records, 2): 48 bits folded into 32."""
    bits = tf.cast(draw * 2.0**24, tf.uint32)
    return mix(xor(mix(bits[:, 0] + word(GOLDEN)), bits[:, 1]))


def normals(draw: tf.Tensor, size: int) -> tf.Tensor:
    """`size` standard normal numbers for each record from two columns of `uniforms`.

    By the inverse distribution function, at the middle of each cell of the grid: never infinite.
    """
    centred = (field(field_keys(draw), size) + 2.0**-25) * 2.0 - 1.0
    return 2.0**0.5 * tf.math.erfinv(centred)


def whole_lanes(index: tf.Tensor) -> tf.Tensor:
    """`index` padded with zeros to a multiple of 32 records."""
    missing = tf.math.floormod(-tf.shape(index)[0], LANES)
    return tf.pad(index, [[0, missing]])
