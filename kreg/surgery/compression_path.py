"""How small can the model be: loss against size, along the strength of a penalty."""

from collections.abc import Sequence
from typing import Any

import keras

from kreg import check, weight_names
from kreg.regularizers import GroupLasso, Penalty
from kreg.surgery.compression_report import Size
from kreg.surgery.refit import compile_like, compress_and_refit
from kreg.surgery.regularization import regularize
from kreg.surgery.rules import LayerChoice, Rule
from kreg.surgery.size_curve import SizePath, SizePoint

STRENGTHS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)


def size_path(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    validation_data: Any,
    strengths: Sequence[float] = STRENGTHS,
    penalty: Penalty | None = None,
    layers: LayerChoice = None,
    epochs: int = 10,
    refit_epochs: int = 3,
    refit_optimizer: keras.Optimizer | None = None,
    latency: bool = True,
    **fit: Any,
) -> SizePath:
    """Train with a penalty from weak to strong, compress and refit at each strength.

    Each strength starts from the weights of the one before. The way is from weak to strong because
    a deep network does not come back: where a penalty has emptied two layers in a row, neither has
    a gradient any more (LassoNet goes this way for the same reason). The compiled training step
    stays the same: strengths are read from a variable of the optimizer.

    Args:
        model: A built Functional or Sequential `keras.Model`, compiled with an optimizer of
            `kreg.optimizers`. It is trained, as by `fit`.
        x: What `fit` takes: arrays or a dataset.
        y: Targets, where `x` does not bring them.
        validation_data: What the losses are measured on, as `fit` takes it.
        strengths: Numbers > 0, used from the smallest to the largest.
        penalty: A penalty of `kreg.regularizers` with a strength `l1`. Defaults to
            `GroupLasso(axis=-2)`: whole units and input features go.
        layers: What `kreg.surgery.Rule` takes to name the layers that carry the penalty. Defaults
            to all that have kernels.
        epochs: Whole number >= 1 of epochs at each strength.
        refit_epochs: Whole number >= 0 of epochs without penalty after each compression.
        refit_optimizer: A Keras optimizer for the refits, with a rate that falls to zero, say.
            Defaults to a fresh one like the model's.
        latency: Whether to measure the time of predictions.
        **fit: Further arguments of `fit`, such as `batch_size`.

    Returns:
        A `SizePath`: points from the strongest penalty to the weakest, the knee, `plot()`,
        `as_dict()`.

    Raises:
        ValueError: If the model is not compiled with an optimizer that reaches exact zeros.
    """
    check.integer("epochs", epochs, low=1)
    strengths = sorted(checked_strengths(strengths))
    check_optimizer(model)
    penalty = GroupLasso(strengths[0], axis=-2) if penalty is None else checked_penalty(penalty)
    regularize(model, Rule(penalty, layers=layers))
    fit = {"verbose": 0, **fit}
    points = []
    for strength in strengths:
        penalty.l1 = strength
        restart(model.optimizer)
        model.fit(x, y, epochs=epochs, **fit)
        smaller, report, _ = compress_and_refit(
            model, x, y, epochs=refit_epochs, optimizer=refit_optimizer, latency=latency, **fit
        )
        points.append(point_of(model, smaller, report.after, strength, validation_data))
    return SizePath(tuple(reversed(points)), weight_names.parameters(model))


def point_of(
    model: keras.Model, smaller: keras.Model, size: Size, strength: float, validation_data: Any
) -> SizePoint:
    """What the refitted model is worth."""
    loss, metrics = losses(model, smaller, validation_data)
    return SizePoint(strength, size.parameters, size.flops, size.latency_ms, loss, metrics, smaller)


def losses(
    model: keras.Model, smaller: keras.Model, validation_data: Any
) -> tuple[float, dict[str, float]]:
    """Loss and metrics of the smaller model, compiled as `model` is."""
    measured = keras.models.clone_model(smaller)
    measured.set_weights(smaller.get_weights())
    compile_like(model, measured)
    pair = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
    found = measured.evaluate(*pair, verbose=0, return_dict=True)
    found = {name: float(value) for name, value in found.items()}
    return found.pop("loss"), found


def restart(optimizer: keras.Optimizer) -> None:
    """Begin the learning rate's schedule again; a constant rate needs nothing."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = inner.get_config()["learning_rate"]
    if isinstance(rate, dict):
        inner.iterations.assign(0)


def checked_strengths(strengths: Any) -> list[float]:
    if isinstance(strengths, str) or not hasattr(strengths, "__len__") or not len(strengths):
        raise check.invalid("strengths", "a list of numbers > 0", strengths)
    return [check.number("strengths", value, low=0, low_open=True) for value in strengths]


def checked_penalty(penalty: Any) -> Penalty:
    if not hasattr(penalty, "sharp_prox") or not hasattr(penalty, "l1"):
        raise check.invalid("penalty", "a penalty of kreg with a strength `l1`", penalty)
    return penalty


def check_optimizer(model: keras.Model) -> None:
    """Only a proximal optimizer makes zeros that `compress` can remove."""
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if not hasattr(inner, "takes_step_of"):
        raise ValueError(
            f"The model {model.name!r} must be compiled with an optimizer that reaches exact "
            "zeros: one of `kreg.optimizers`, or `kreg.optimizers.proximal(yours)`."
        )
