"""The objective that training minimises, taken apart: data loss, its gradient, penalties."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kreg.gradients import Gradient
from kreg.regularizers import Penalty
from kreg.regularizers.penalty import Strengths
from kreg.regularizers.prox import Tensor


def penalised(model: keras.Model) -> list[tuple[keras.Variable, Penalty]]:
    """The trainable weights that have a kreg penalty."""
    pairs = [(v, getattr(v, "regularizer", None)) for v in model.trainable_weights]
    return [(v, p) for v, p in pairs if isinstance(p, Penalty)]


def data_loss(model: keras.Model, x: Any, y: Any) -> Tensor:
    """The compiled loss on `(x, y)` in inference mode, without kreg's penalties, as a tensor."""
    prediction = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=prediction, training=False)
    return total - sum(penalty(variable) for variable, penalty in penalised(model))


def strengths_now(model: keras.Model, penalty: Penalty) -> dict[str, float]:
    """A penalty's strengths at the optimizer's step, as numbers."""
    optimizer = penalty.optimizer_in_step() or model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    current = optimizer.strengths_of(penalty) if hasattr(optimizer, "strengths_of") else None
    if current is None:
        return penalty.strengths()
    return {name: float(ops.convert_to_numpy(value)) for name, value in current.items()}


def penalty_now(model: keras.Model, variable: keras.Variable, penalty: Penalty) -> float:
    s = settings_now(model, variable, penalty)
    value = penalty.total(ops.convert_to_tensor(variable), s)
    return float(ops.convert_to_numpy(value))


def settings_now(model: keras.Model, variable: keras.Variable, penalty: Penalty) -> Strengths:
    """What the parts of a penalty take at a weight: strengths, and a start."""
    extras = penalty.extras(variable, penalty.optimizer_in_step())
    return {**strengths_now(model, penalty), **extras}


def data_gradients(model: keras.Model, x: Any, y: Any) -> list[np.ndarray]:
    """The gradient of `data_loss` for each trainable weight, as NumPy arrays."""
    gradient = Gradient(lambda x, y: data_loss(model, x, y), model.trainable_weights)
    return [ops.convert_to_numpy(g) for g in gradient(x, y)]
