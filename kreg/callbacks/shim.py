"""The one place that reaches into a compiled Keras model: its loss and metrics as they are.

Keras offers the compiled loss only summed with the penalties and averaged over the batch. What is
needed here is the compiled loss alone, and one value per example.
`tests/unit/callbacks/test_shim.py` fails when Keras moves these names; the callers then fall back
to `compute_loss - sum(losses)`.
"""

from contextlib import nullcontext

import keras


def build_metrics(model, batch) -> None:
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


def compiled_loss(model):
    """The model's penalty-free loss `(y, y_pred, weight) -> scalar`, or `None`.

    `None` where the model computes its loss by itself: then this would not be what it trains on.
    """
    if type(model).compute_loss is not keras.Model.compute_loss:
        return None
    return getattr(model, "_compile_loss", None)


def output_losses(loss) -> list:
    """The compiled loss, called once before, output by output: each has `path` and `loss`.

    Empty where there is none or where Keras's class has changed its inside.
    """
    return list(getattr(loss, "_flat_losses", None) or [])


def settings_of(loss) -> dict:
    """What one of Keras's losses passes to its function; `Huber.get_config()` leaves delta out."""
    return dict(getattr(loss, "_fn_kwargs", {}))


def example_loss(loss):
    """A compiled loss, called once before, as `(y, y_pred, weight) -> values of shape (n,)`.

    `None` where Keras's class has changed its inside.
    """
    if not hasattr(loss, "_flat_losses"):
        return None
    twin = _twin(loss)
    twin._flat_losses = [one._replace(loss=_unreduced(one.loss)) for one in loss._flat_losses]
    twin._metrics = [None] * len(twin._flat_losses)
    return twin


def _unreduced(loss):
    """`loss` with one value per example: no reduction over rows, the mean over everything else."""
    plain = _twin(loss)
    plain.reduction = None

    def per_example(y, y_pred, weight=None):
        values = plain(y, y_pred, weight)
        if len(values.shape) < 2:
            return values
        return keras.ops.mean(values, axis=tuple(range(1, len(values.shape))))

    return per_example


def _twin(original):
    """A shallow copy; `copy.copy` would go through Keras's own pickling."""
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin
