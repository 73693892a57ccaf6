"""What a weight's name says: whether it joins units, shifts and scales them, or counts steps."""

import math
from fnmatch import fnmatchcase
from typing import Any

SHIFTS = ("bias", "beta", "gamma")


def is_kernel(weight: Any) -> bool:
    """Whether a weight has two axes or more and is no bias.

    Biases start at zero, so their zeros say nothing of a penalty. Those of `MultiHeadAttention` and
    of a `GRU` have two axes.

    Args:
        weight: A `keras.Variable`, or anything with a `name` and a `shape`.

    >>> import types
    >>> is_kernel(types.SimpleNamespace(name="bias", shape=(8, 16)))
    False
    """
    name = weight.name.rpartition("/")[2]
    return len(weight.shape) > 1 and not name.endswith(SHIFTS)


def is_clock(weight: Any) -> bool:
    """Whether a weight is the step counter of a noise layer with a schedule, and no parameter.

    Args:
        weight: As for `is_kernel`, with a `dtype`.

    >>> import types
    >>> is_clock(types.SimpleNamespace(name="step", shape=(), dtype="int32"))
    True
    """
    named = weight.name.rpartition("/")[2] == "step"
    return named and len(weight.shape) == 0 and "int" in str(weight.dtype)


def parameters(layer: Any) -> int:
    """How many parameters a layer or model has: Keras's `count_params()`, without clocks.

    Args:
        layer: Built; or anything with `weights`.
    """
    return sum(math.prod(one.shape) for one in layer.weights if not is_clock(one))


def names(pattern: str, path: str) -> bool:
    """Whether a pattern (shell wildcards) means the weight with this path.

    Args:
        pattern: A weight's name, which longer ones may end in; or, with a slash, the end of a path.
        path: Of the weight: the names of its layers, and its own.

    >>> names("bias", "hidden_1/bias"), names("hidden_*/*", "model/hidden_1/bias")
    (True, True)
    """
    whole = path if "/" in pattern else path.rpartition("/")[2]
    joined = "*/" if "/" in pattern else "*_"
    return fnmatchcase(whole, pattern) or fnmatchcase(whole, f"{joined}{pattern}")
