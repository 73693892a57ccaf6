"""What a weight's name says: whether it joins units, or only shifts and scales them."""

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
