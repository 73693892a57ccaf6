"""What Keras is doing right now, read from the calls in progress.

Who is training: which optimizer will use the gradient of the penalty that is being evaluated.
A proximal optimizer takes a penalty's step itself, so the gradient must not hold the penalty a
second time; any other optimizer needs that gradient. Keras hands a regularizer the weight and
nothing else, before the optimizer is entered, and has no hook in the `compile` of a user's model.
The one place where the answer is certain is the training step on the call stack: it belongs to a
model, and the model holds its optimizers. To note at `build` who trains a penalty would be wrong
after the model is compiled again with another optimizer, or where two models share a penalty. The
look costs microseconds, at trace time only (at each step where nothing is traced).
"""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import keras

STEPS = ("train_step", "test_step")  # as every Keras trainer calls them, and every override of them


def model_in_step() -> keras.Model | None:
    """The model whose training or test step is running (the innermost one), or `None`."""
    owners = (frame.f_locals.get("self") for frame in _calls(*STEPS))
    return next((model for model in owners if isinstance(model, keras.Model)), None)


def is_evaluating() -> bool:
    """Whether the innermost step that is running is a test step: an evaluation, a validation."""
    frame = next(_calls(*STEPS), None)
    return frame is not None and frame.f_code.co_name.endswith("test_step")


def model_in_training() -> keras.Model | None:
    """The model whose training step is running (the innermost one), or `None`."""
    owners = (frame.f_locals.get("self") for frame in _calls("train_step"))
    return next((model for model in owners if isinstance(model, keras.Model)), None)


def values_in_loss() -> dict[int, Any]:
    """What an optimizer's variables hold, by their `id`, where JAX has taken them away.

    JAX's trainer computes the loss without the optimizer's variables, but hands their values to
    the function that computes it. Empty in a test step, which does not get them.
    """
    frame = next(_calls("compute_loss_and_updates"), None)
    values = None if frame is None else frame.f_locals.get("optimizer_variables")
    if frame is None or values is None:
        return {}
    variables = frame.f_locals["self"].optimizer.variables
    return {id(v): value for v, value in zip(variables, values, strict=True)}


def frozen_values() -> list[tuple[keras.Variable, Any]]:
    """The weights that JAX's running training step leaves as they are, and their values.

    JAX's trainer takes the values away from all weights, and hands the optimizer those alone that
    are trained. Empty under an override of `train_step` that names them differently.
    """
    frame = next(_calls("train_step"), None)
    values = None if frame is None else frame.f_locals.get("non_trainable_variables")
    if frame is None or values is None:
        return []
    return list(zip(frame.f_locals["self"].non_trainable_variables, values, strict=True))


def fit_arguments(model: keras.Model) -> dict[str, Any]:
    """What the running `fit` of this model was given, by name; empty outside of a `fit`.

    Keras hands its callbacks the numbers of epochs and steps and nothing of the data.
    """
    frames = (f for f in _calls("fit") if f.f_code.co_name == "fit")
    found = next((f for f in frames if f.f_locals.get("self") is model), None)
    names = ("x", "y", "sample_weight", "class_weight", "validation_data", "callbacks")
    return {} if found is None else {n: found.f_locals.get(n) for n in names}


def leave_logs(model: keras.Model) -> None:
    """Let `fit` neither reset the model's metrics before an epoch nor read them after it.

    For a model whose train function returns an epoch's logs and sets the metrics itself: both would
    be work for nothing, a tenth of a small model's epoch. Whoever else resets them does so as ever,
    an evaluation in a callback say. Keras has no switch for either.
    """

    def reset() -> None:
        if sys._getframe(1).f_code.co_name != "fit":
            type(model).reset_metrics(model)

    object.__setattr__(model, "reset_metrics", reset)
    object.__setattr__(model, "_get_metrics_result_or_logs", dict)


def layer_with_activity(penalty: Any) -> keras.Layer | None:
    """The layer that is asking for this penalty of its activities, or `None`: it is of a weight."""
    owners = (frame.f_locals.get("self") for frame in _calls("__call__"))
    layers = (owner for owner in owners if isinstance(owner, keras.Layer))
    return next((one for one in layers if one.activity_regularizer is penalty), None)


def asks_for_weights() -> bool:
    """Whether Keras is asking a model for the penalties of its weights.

    In JAX's step these are handed over as plain arrays, as activities are.
    """
    return next(_calls("_get_regularization_losses"), None) is not None


def being_loaded() -> bool:
    """Whether Keras is compiling a model that it has just read from a file (or is copying).

    An optimizer is made from its configuration in many places, and built in many. Only here do the
    weights that it is built on belong to the configuration.
    """
    return next(_calls("compile_from_config"), None) is not None


def _calls(*endings: str) -> Iterator[FrameType]:
    """The calls in progress of functions whose names end so, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        # autograph prefixes the names of the functions that it converts
        if frame.f_code.co_name.endswith(endings):
            yield frame
        frame = frame.f_back
