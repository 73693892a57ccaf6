"""What the weights alone tell: penalties and exact zeros, per layer."""

import numpy as np
from keras import ops


def layer_of(variable, model) -> str:
    """The path of the layer that owns a variable: `"dense"` for `"sequential/dense/kernel"`."""
    path = variable.path.removeprefix(f"{model.name}/")
    return path.rpartition("/")[0] or path


def penalties(model) -> dict[str, float]:
    """Layer path to the sum of its weight penalties, for layers that have any."""
    result = {}
    for variable in model.trainable_variables:
        if variable.regularizer is not None:
            value = float(ops.convert_to_numpy(variable.regularizer(variable)))
            result[layer_of(variable, model)] = result.get(layer_of(variable, model), 0.0) + value
    return result


def zeros(model) -> dict[str, tuple[int, int]]:
    """Layer path to `(exact zeros, weights)` of its weights of rank >= 2."""
    result = {}
    for variable in model.weights:
        if len(variable.shape) >= 2:
            values = ops.convert_to_numpy(variable)
            zero, size = result.get(layer_of(variable, model), (0, 0))
            zero += values.size - int(np.count_nonzero(values))
            result[layer_of(variable, model)] = zero, size + values.size
    return result


def share_of_zeros(counts: dict[str, tuple[int, int]]) -> float:
    """Exact zeros over weights, all layers together; 0 for a model without kernels."""
    size = sum(size for _, size in counts.values())
    return sum(zero for zero, _ in counts.values()) / size if size else 0.0


def has_other_losses(model) -> bool:
    """Whether `add_loss` or an activity regularizer adds to the loss."""
    weights = sum(v.regularizer is not None for v in model.trainable_variables)
    return len(model.losses) > weights
