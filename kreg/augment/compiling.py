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


def bucket(x):
    """How many records the compiled functions get for the batch `x`: a multiple of 8, or of 32.

    A last, smaller batch of an epoch is filled up to it, so that few shapes are ever compiled. A
    batch whose size is known when its graph is made stays as it is.
    """
    if x.shape[0] is not None:
        return x.shape[0]
    records = tf.shape(x)[0]
    step = tf.where(records > 32, 32, 8)
    return (records + step - 1) // step * step


def fill_up(x, size):
    """`x` with zeros appended to `size` records; untouched, without a copy, where it is full."""
    if x.shape[0] is not None and x.shape[0] == size:
        return x
    missing = size - tf.shape(x)[0]
    paddings = tf.pad([[0, missing]], [[0, len(x.shape) - 1], [0, 0]])
    filled = tf.cond(missing > 0, lambda: tf.pad(x, paddings), lambda: x)
    filled.set_shape([None, *x.shape[1:]])
    return filled
