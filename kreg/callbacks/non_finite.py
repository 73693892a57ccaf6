"""NonFinite: stop at the batch where numbers break, and say where."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg.callbacks.shared_values import shared
from kreg.measuring import evaluators, frozen
from kreg.measuring.keras_numbers import Logs, are_finite
from kreg.measuring.replicas import graph


class NonFinite(keras.callbacks.Callback):
    """Stop when the loss or a weight is not finite; nothing broken is counted, kept or saved.

    The loss alone is not enough: on CPUs, TensorFlow's fused Dense + ReLU turns NaN into 0, and a
    model with broken weights keeps a finite loss. So the weights are checked after every epoch,
    before other callbacks save them. Put it first, after `Interrupt`; the verdict of a
    `kreg.Diagnostics` in the same list is then NON-FINITE.

    Args:
        verbose: `1` prints the failure, `0` nothing. Defaults to `1`.

    After training: `failure`, one sentence, or an empty string.
    """

    def __init__(self, verbose: int = 1) -> None:
        super().__init__()
        self.verbose = int(verbose)
        self.failure = ""
        self._epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.failure = shared(self.model).broken = ""
        shared(self.model).guarded = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        shared(self.model).guarded = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch
        shared(self.model).partial = False

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(float(loss)):
            self._stop(f"The loss is {float(loss)} at epoch {self._epoch + 1}, batch {batch + 1}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.failure and not are_finite_after(self.model, epoch):
            self._stop(f"The weights are not finite after epoch {epoch + 1}")

    def _stop(self, what: str) -> None:
        self.failure = f"{what}; {where_broken(self.model)}."
        self.model.stop_training = True
        shared(self.model).partial = True
        shared(self.model).broken = self.failure
        if self.verbose:
            print(f"NonFinite: {self.failure}")


def are_finite_after(model: keras.Model, epoch: int) -> bool:
    """Whether all weights are finite at the end of an epoch, from 0."""
    known = shared(model).foreseen(epoch)
    if known is not None:
        return known.numbers.finite
    return bool(evaluators.kept(model, (all_finite,), lambda: all_finite(model))())


def where_broken(model: keras.Model) -> str:
    """Half a sentence on the first variable that is not finite."""
    broken = first_broken(model)
    if broken is None:
        return "all weights are finite, so look at the inputs, the loss and the learning rate"
    return f"the first layer that is not finite is `{broken}`"


def all_finite(model: keras.Model) -> Callable[[], Any]:
    """One compiled function without arguments: whether all weights of the model are finite."""
    eager = bool(getattr(model, "run_eagerly", False))
    return graph(lambda: are_finite(model), eager) if model.weights else lambda: True


def first_broken(model: keras.Model) -> str | None:
    """Path of the first variable, in the order of the layers, that holds a NaN or an infinity."""
    if keras.backend.backend() == "jax":  # whose `fit` keeps the weights to itself in an epoch
        parts = frozen.known(model)  # whose upper one is trained where features are kept
        (model if parts is None else parts.rest).jax_state_sync()
    for variable in model.weights:
        values = ops.convert_to_numpy(variable)
        if values.dtype.kind in "fV" and not np.isfinite(values.astype("float32")).all():
            return str(variable.path)
    return None
