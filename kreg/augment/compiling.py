"""XLA where it works; the same functions as plain graphs, with one warning, where it does not."""

import functools
import warnings

import tensorflow as tf

from kreg import check


def resolve(jit_compile) -> bool:
    """Whether to compile: the caller's word, or for `"auto"` whether a trial compilation works."""
    if isinstance(jit_compile, bool):
        return jit_compile
    if jit_compile != "auto":
        raise check.invalid("jit_compile", 'True, False or "auto"', jit_compile)
    return xla_works()


@functools.cache
def xla_works() -> bool:
    try:
        with tf.device("cpu:0"):
            tf.function(lambda v: v * 2.0, jit_compile=True)(tf.ones([2]))
    except tf.errors.OpError as error:
        warnings.warn(
            f"XLA is not available here ({type(error).__name__}), so augmentation runs uncompiled: "
            f"right, but five to seven times slower. Pass jit_compile=False to silence this.",
            stacklevel=2,
        )
        return False
    return True


def compiled(function, jit: bool):
    # A partial has no code object, by which TensorFlow would lump all groups together and warn
    # that "the same" function is traced too often.
    unique = functools.partial(function)
    return tf.function(unique, jit_compile=jit, autograph=False, reduce_retracing=True)


def bucket(records):
    """The batch size that is compiled for: a power of two up to 32, then a multiple of 32.

    The last, smaller batch of an epoch is filled up to it, so that few shapes are ever compiled.
    """
    powers = tf.constant([1, 2, 4, 8, 16, 32])
    small = tf.reduce_min(tf.where(powers >= records, powers, 32))
    return tf.where(records > 32, (records + 31) // 32 * 32, small)


def fill_up(x, size):
    """`x` with zeros appended to `size` records; untouched, without a copy, where it is full."""
    missing = size - tf.shape(x)[0]
    paddings = tf.pad([[0, missing]], [[0, len(x.shape) - 1], [0, 0]])
    filled = tf.cond(missing > 0, lambda: tf.pad(x, paddings), lambda: x)
    filled.set_shape([None, *x.shape[1:]])
    return filled
