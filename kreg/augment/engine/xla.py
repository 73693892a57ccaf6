"""XLA where it works; the same functions as plain graphs, with one warning, where it does not."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kreg import check


def resolve(jit_compile: bool | str) -> bool:
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


def compiled(function: Callable[..., Any], jit: bool) -> Callable[..., Any]:
    # A partial has no code object, by which TensorFlow would lump all groups together and warn
    # that "the same" function is traced too often.
    unique = functools.partial(function)
    made: Callable[..., Any] = tf.function(
        unique, jit_compile=jit, autograph=False, reduce_retracing=True
    )
    return made
