"""The compiled loss and metrics as they are.

Keras offers the loss only summed with the penalties and averaged over the batch.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import keras


def build_metrics(model: keras.Model, batch: tuple[Any, ...]) -> None:
    """Have Keras make the variables of the compiled loss and metrics, as its own `fit` does first.

    A model that was loaded and never fitted here has none. Made by the first measurement instead,
    they would be counted in the middle of it.
    """
    compiled = (getattr(model, name, None) for name in ("_compile_metrics", "_compile_loss"))
    if all(one is None or one.built for one in compiled):
        return
    strategy = getattr(model, "distribute_strategy", None)  # TensorFlow's alone
    with strategy.scope() if strategy else nullcontext():
        model._symbolic_build(data_batch=batch)


def build_in_scope(model: keras.Model, batch: tuple[Any, ...]) -> None:
    """Have Keras make all variables of a distributed model now, and look at no batch later.

    Its own `fit` takes the mean of what the devices have of the first batch, which fails where
    their shares have different sizes.
    """
    with model.distribute_strategy.scope():
        model._symbolic_build(data_batch=batch)
    object.__setattr__(model, "_maybe_symbolic_build", lambda **given: None)


def given_metrics(model: keras.Model) -> list[Any]:
    """The metrics that `compile` was given, as they are; names where it was given names."""
    compiled = getattr(model, "_compile_metrics", None)
    return keras.tree.flatten(getattr(compiled, "_user_metrics", None) or [])


def given_to_compile(model: keras.Model) -> dict[str, Any]:
    """All that `compile` was given, the objects themselves.

    `get_compile_config` has their configurations, and a loss of one's own cannot be made of that.
    """
    found: dict[str, Any] = dict(model._compile_config.config)
    return found


def compiled_loss(model: keras.Model) -> Callable[..., Any] | None:
    """The model's penalty-free loss `(y, y_pred, weight) -> scalar`, or `None`.

    `None` where the model computes its loss by itself: then this would not be what it trains on.
    """
    if type(model).compute_loss is not keras.Model.compute_loss:
        return None
    return getattr(model, "_compile_loss", None)


def overrides(model: keras.Model, *names: str) -> bool:
    """Whether the model's class, or the model itself, replaces one of these of Keras's."""
    return any(
        getattr(type(model), name) is not getattr(keras.Model, name) or name in vars(model)
        for name in names
    )


def given_loss(model: keras.Model) -> Callable[..., Any] | None:
    """As `compiled_loss`, also where the model goes its own way."""
    return getattr(model, "_compile_loss", None)


def mask_of(tensor: Any) -> Any:
    """The mask that Keras has hung on an output, or `None`."""
    return getattr(tensor, "_keras_mask", None)


def logits_of(probabilities: Any) -> Any:
    """The logits behind a softmax or sigmoid, as Keras's own losses find them, or `None`.

    The logarithm of a probability that has rounded to 0 or 1 does not tell how sure it was.
    """
    return getattr(probabilities, "_keras_logits", None)


def hang(tensor: Any, name: str, value: Any) -> None:
    """Hang something on a tensor as Keras hangs its masks: JAX's tensors take no attributes."""
    from keras.src.backend.common import tensor_attributes

    tensor_attributes.set_tensor_attr(tensor, name, value)


def hung(tensor: Any, name: str) -> Any:
    """What `hang` has hung on this very tensor, or `None`."""
    from keras.src.backend.common import tensor_attributes

    return tensor_attributes.get_tensor_attr(tensor, name)


def output_losses(loss: Any) -> list[Any]:
    """A compiled loss, called once before, output by output: each has `path` and `loss`.

    Empty where there is none or where Keras's class has changed its inside.
    """
    return list(getattr(loss, "_flat_losses", None) or [])


def row_mean(loss: Callable[..., Any], y: Any, y_pred: Any, weight: Any) -> Any:
    """A compiled loss of a batch, divided by its rows where it is their sum (`reduction="sum"`).

    Else rows of different numbers, a training and a validation side, could not be compared.
    """
    value, parts = loss(y, y_pred, weight), output_losses(loss)
    if not parts or any(getattr(one.loss, "reduction", None) != "sum" for one in parts):
        return value
    rows = keras.ops.shape(keras.tree.flatten(y_pred)[0])[0]
    return value / keras.ops.cast(rows, value.dtype)


def settings_of(loss: Any) -> dict[str, Any]:
    """What one of Keras's losses passes to its function; `Huber.get_config()` leaves delta out."""
    return dict(getattr(loss, "_fn_kwargs", {}))


def has_example_loss(loss: Any) -> bool:
    """Whether `example_loss` knows the inside of a compiled loss."""
    return hasattr(loss, "_flat_losses")


def example_loss(loss: Any) -> Callable[..., Any] | None:
    """A compiled loss, called once before, as `(y, y_pred, weight) -> values of shape (n,)`.

    `None` where Keras's class has changed its inside.
    """
    if not has_example_loss(loss):
        return None
    twin = _twin(loss)
    twin._flat_losses = [one._replace(loss=_unreduced(one.loss)) for one in loss._flat_losses]
    twin._metrics = [None] * len(twin._flat_losses)
    return twin


def _unreduced(loss: Callable[..., Any]) -> Callable[..., Any]:
    """`loss` with one value per example: the mean over its positions that no mask leaves out.

    So it is the same quantity as the reduced loss: Keras divides that by the positions that count.
    """
    plain, count = _twin(loss), _twin(loss)
    plain.reduction = count.reduction = None
    count.call = _ones_of(loss)

    def per_example(y: Any, y_pred: Any, weight: Any = None) -> Any:
        values = plain(y, y_pred, weight)
        if getattr(loss, "reduction", None) == "mean_with_sample_weight" and weight is not None:
            values = keras.ops.divide_no_nan(values, keras.ops.mean(weight))
        if len(values.shape) < 2:
            return values
        axes = tuple(range(1, len(values.shape)))
        counted = keras.ops.sum(count(y, y_pred), axis=axes)
        return keras.ops.divide_no_nan(keras.ops.sum(values, axis=axes), counted)

    return per_example


def _ones_of(loss: Any) -> Callable[..., Any]:
    """One for each position that a loss has a value for, with the mask of these values."""

    def ones(y: Any, y_pred: Any) -> Any:
        values = loss.call(y, y_pred)
        found = keras.ops.ones_like(values)
        if mask_of(values) is not None:
            found._keras_mask = mask_of(values)
        return found

    return ones


def _twin(original: Any) -> Any:
    """A shallow copy; `copy.copy` would go through Keras's own pickling."""
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin
