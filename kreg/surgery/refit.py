"""Compress, then train briefly without penalties, and keep every zero."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.regularizers import Constrained
from kreg.regularizers.projections import Projection
from kreg.surgery.compression import compress
from kreg.surgery.compression_report import CompressionReport
from kreg.surgery.regularization import retrace
from kreg.surgery.rules import weights_of
from kreg.surgery.stripping import plain_copy
from kreg.weight_names import is_kernel

SETS = (Projection, Constrained)


class KeepZeros(keras.constraints.Constraint):
    """`w * mask`: what is zero stays zero. It lives in memory only, for one training."""

    def __init__(self, mask: np.ndarray):
        self.mask = mask

    def __call__(self, w: Any) -> Any:
        return w * ops.cast(self.mask, w.dtype)


@contextmanager
def keeping_zeros(model: keras.Model) -> Iterator[keras.Model]:
    """While in force, no optimizer step can move a kernel entry that is exactly zero now."""
    kernels = [w for _, w in weights_of(model) if is_kernel(w)]
    before = [kernel.constraint for kernel in kernels]
    for kernel in kernels:
        kernel.constraint = KeepZeros(kernel.numpy() != 0)
    retrace(model)
    try:
        yield model
    finally:
        for kernel, constraint in zip(kernels, before, strict=True):
            kernel.constraint = constraint
        retrace(model)


def compress_and_refit(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    epochs: int = 5,
    optimizer: keras.Optimizer | None = None,
    data: Any = None,
    latency: bool = True,
    **fit: Any,
) -> tuple[keras.Model, CompressionReport, dict[str, list[float]]]:
    """`compress`, then `epochs` of training without penalties in which the zeros stay.

    A penalty shrinks also what it keeps; the refit takes this bias away (the relaxed lasso:
    Meinshausen, 2007). Removed units stay removed, and single weights that are zero stay zero.
    Sets (`kreg.Box`, `kreg.MaxNorm`) do not hold in the refit; a note of the report says so.

    Args:
        model: A trained, compiled Functional or Sequential `keras.Model`. It is not changed.
        x: What `fit` takes: arrays or a dataset.
        y: Targets, where `x` does not bring them.
        epochs: Whole number >= 0. Defaults to `5`. With `0` nothing is trained.
        optimizer: A Keras optimizer for the refit. Defaults to a fresh one like the model's.
        data: A batch of inputs for `compress` to check the outputs on, besides random numbers.
        latency: Whether to measure the time of a prediction before and after.
        **fit: Further arguments of `fit`: `batch_size`, `validation_data`, `callbacks`, ...

    Returns:
        The new model (plain Keras, not compiled), the `CompressionReport`, and the history of the
        refit as a dictionary of lists (empty for `epochs=0`).

    Raises:
        ValueError: If the model is not compiled, and as `compress` does.
    """
    check.integer("epochs", epochs, low=0)
    if not model.compiled:
        raise ValueError(f"The model {model.name!r} is not compiled: the refit needs its loss.")
    smaller, report = compress(model, data, latency=latency)
    if epochs == 0:
        return smaller, report, {}
    compile_like(model, smaller, optimizer)
    with keeping_zeros(smaller):
        history = smaller.fit(x, y, epochs=epochs, **{"verbose": 0, **fit})
    report = replace(report, notes=(*report.notes, *left_sets(model)))
    return plain_copy(smaller), report, history.history


def left_sets(model: keras.Model) -> list[str]:
    """A sentence where weights were trained inside sets, which the refit knows nothing of."""
    inside = [w.path for _, w in weights_of(model) if isinstance(w.regularizer, SETS)]
    if not inside:
        return []
    return [
        f"The refit has no sets: weights may have left those of {', '.join(inside)}. Without it "
        "(compress.refit_epochs=0, epochs=0) they stay inside."
    ]


def compile_like(
    model: keras.Model, other: keras.Model, optimizer: keras.Optimizer | None = None
) -> None:
    """Compile `other` with the loss and metrics of `model`, and a fresh optimizer.

    Args:
        model: A compiled model.
        other: A model with the same inputs and outputs. It gets no penalty: a kreg optimizer names
            the weights of its penalties by their places, and those are of other weights here.
        optimizer: For `other`. Defaults to one like the model's.
    """
    config = model.get_compile_config()
    if optimizer is not None:
        config["optimizer"] = keras.saving.serialize_keras_object(optimizer)
    other.compile_from_config(without_penalties(config))


def without_penalties(config: Any) -> Any:
    """A configuration without the penalties of its optimizer, or of one inside it."""
    if not isinstance(config, dict):
        return config
    kept = {key: value for key, value in config.items() if key != "penalties"}
    return {key: without_penalties(value) for key, value in kept.items()}
