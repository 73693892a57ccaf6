"""Which activations act on each number by itself, and their value at a constant."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

activations = keras.activations

ELEMENTWISE_NAMES = (
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
    "squareplus", "tanh", "tanh_shrink", "threshold",
)  # fmt: skip
ELEMENTWISE = {getattr(activations, name) for name in ELEMENTWISE_NAMES}


def is_elementwise(activation: Callable[..., Any] | None) -> bool:
    """Whether `activation` is one of Keras's that treat each number by itself.

    Softmax and its relatives mix channels; a user's own function may do anything.
    """
    return activation is None or activation in ELEMENTWISE


def at(function: Callable[..., Any] | None, values: np.ndarray) -> np.ndarray:
    """`function` at the known constants; unknown ones stay unknown."""
    result = values.copy()
    where = ~np.isnan(values)
    if function is not None and where.any():
        tensor = keras.ops.convert_to_tensor(values[where], dtype="float32")
        result[where] = keras.ops.convert_to_numpy(function(tensor))
    return result
