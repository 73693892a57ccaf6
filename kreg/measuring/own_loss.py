"""Models that compute their loss by themselves: how it is asked, and where no row is needed.

A model may override `compute_loss` or `test_step`, or have no other loss than those of `add_loss`.
What it then minimises is what its own code says, and the clean loss is what that code returns while
no weight and no activity has a penalty.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from kreg import private_keras
from kreg.measuring.rows import Nest

STEP = "test_step"
LOSS = "compute_loss"
# what turns outputs into the `val_loss` of Keras's validation
VALIDATION = (STEP, LOSS, "compute_metrics", "get_metrics_result", "metrics")
NO_CALL = "its class has neither `call` nor `test_step`"
NOT_HERE = "its own `test_step` can be run on one device of TensorFlow or PyTorch only"


def way(model: keras.Model) -> str | None:
    """`"test_step"` or `"compute_loss"` where the model has its own, else `None`."""
    return next((name for name in (STEP, LOSS) if private_keras.overrides(model, name)), None)


def why_not(model: keras.Model, several_devices: bool) -> str:
    """Why no clean loss can be measured; empty where one can."""
    own = way(model)
    if own == STEP:
        here = keras.backend.backend() != "jax" and not several_devices
        return "" if here else NOT_HERE
    return NO_CALL if type(model).call is keras.Model.call else ""


@contextmanager
def without_penalties(model: keras.Model) -> Iterator[None]:
    """No penalty on weights and activities, until the block is left."""
    weights = [v for v in model.trainable_variables if v.regularizer is not None]
    layers = [layer for layer in private_keras.all_layers(model) if has_activity(layer)]
    penalties = [v.regularizer for v in weights], [one.activity_regularizer for one in layers]
    try:
        for variable in weights:
            variable.regularizer = None
        for layer in layers:
            layer.activity_regularizer = None
        yield
    finally:
        for variable, penalty in zip(weights, penalties[0], strict=True):
            variable.regularizer = penalty
        for layer, penalty in zip(layers, penalties[1], strict=True):
            layer.activity_regularizer = penalty


def has_activity(layer: keras.Layer) -> bool:
    """Whether a layer has an activity regularizer."""
    return getattr(layer, "activity_regularizer", None) is not None


def computed(model: keras.Model, x: Nest, y: Nest, y_pred: Nest, weight: Nest) -> Any:
    """`model.compute_loss` in inference mode, as Keras calls it."""
    named = "training" in inspect.signature(model.compute_loss).parameters
    return model.compute_loss(x, y, y_pred, weight, **({"training": False} if named else {}))


def added(model: keras.Model) -> Any:
    """The sum of what `add_loss` has added in the last call, or `None` where there is nothing."""
    losses = [ops.sum(ops.cast(loss, "float32")) for loss in model.losses]
    return sum(losses) if losses else None


# --- without rows: from Keras's own validation ----------------------------------------------------


def from_val_loss(model: keras.Model, val_loss: float, penalty: float) -> float | None:
    """The clean validation loss from Keras's `val_loss`; `None` where it does not follow from it.

    Args:
        model: The model, after a validation.
        val_loss: As Keras logged it.
        penalty: The sum of the weights' penalties now.
    """
    if is_keras(model):
        return val_loss - penalty
    return val_loss if is_bare(model) else None


def is_keras(model: keras.Model) -> bool:
    """Whether `val_loss` is Keras's own sum of one clean loss and the weights' penalties."""
    if private_keras.overrides(model, *VALIDATION):
        return False
    more = private_keras.adds_losses(model)
    if private_keras.given_loss(model) is not None:
        return not more
    return more and not any(map(has_activity, private_keras.all_layers(model)))


def is_bare(model: keras.Model) -> bool:
    """Whether a loss of the model's own stands alone: nothing in it has a penalty."""
    if way(model) is None:
        return False
    penalised = any(v.regularizer is not None for v in model.trainable_variables)
    return not penalised and not any(map(has_activity, private_keras.all_layers(model)))
