"""The objective that training minimises, taken apart: data loss, its gradient, penalties."""

import keras
from keras import ops

from kreg.regularizers import Penalty


def penalised(model) -> list[tuple[keras.Variable, Penalty]]:
    """The trainable weights that have a kreg penalty."""
    pairs = [(v, getattr(v, "regularizer", None)) for v in model.trainable_weights]
    return [(v, p) for v, p in pairs if isinstance(p, Penalty)]


def data_loss(model, x, y):
    """The compiled loss on `(x, y)` in inference mode, without kreg's penalties, as a tensor."""
    prediction = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=prediction, training=False)
    return total - sum(penalty(variable) for variable, penalty in penalised(model))


def strengths_now(model, penalty) -> dict[str, float]:
    """A penalty's strengths at the optimizer's step, as numbers."""
    owner = penalty.owner() or model.optimizer
    owner = getattr(owner, "inner_optimizer", owner)
    current = owner.strengths_of(penalty) if hasattr(owner, "strengths_of") else None
    if current is None:
        return penalty.strengths()
    return {name: float(ops.convert_to_numpy(value)) for name, value in current.items()}


def data_gradients(model, x, y) -> list:
    """The gradient of `data_loss` for each trainable weight, as NumPy arrays."""
    compute = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    return [ops.convert_to_numpy(g) for g in compute(model, x, y)]


def _tensorflow(model, x, y):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = data_loss(model, x, y)
    variables = [v.value for v in model.trainable_weights]
    return [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]


def _jax(model, x, y):
    import jax

    def loss(values):
        mapping = zip(model.trainable_weights, values, strict=True)
        with keras.StatelessScope(state_mapping=list(mapping)):
            return data_loss(model, x, y)

    return jax.grad(loss)([v.value for v in model.trainable_weights])


def _torch(model, x, y):
    import torch

    values = [v.value for v in model.trainable_weights]
    return torch.autograd.grad(data_loss(model, x, y), values)
