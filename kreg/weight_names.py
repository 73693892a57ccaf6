"""What a weight's name says: whether it joins units, or only shifts and scales them."""

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
