"""NonFinite: stop at the batch where numbers break, and say where."""

import math

import keras
import numpy as np
from keras import ops

from kreg.callbacks.board import board


class NonFinite(keras.callbacks.Callback):
    """Stop when the loss or a weight is not finite; nothing broken is counted, kept or saved.

    The loss alone is not enough: on CPUs, TensorFlow's fused Dense + ReLU turns NaN into 0, and a
    model with broken weights keeps a finite loss. So the weights are checked after every epoch,
    before other callbacks save them. Put it first, after `Interrupt`.

    After training: `failure`, one sentence, or an empty string.
    """

    def __init__(self):
        super().__init__()
        self.failure = ""
        self._epoch = 0

    def on_train_begin(self, logs=None):
        self.failure = ""

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        board(self.model).partial = False

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(float(loss)):
            self._stop(f"The loss is {float(loss)} at epoch {self._epoch + 1}, batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        if not self.failure and first_broken(self.model) is not None:
            self._stop(f"The weights are not finite after epoch {epoch + 1}")

    def _stop(self, what: str) -> None:
        broken = first_broken(self.model)
        where = (
            "all weights are finite, so look at the inputs, the loss and the learning rate"
            if broken is None
            else f"the first layer that is not finite is `{broken}`"
        )
        self.failure = f"{what}; {where}."
        self.model.stop_training = True
        board(self.model).partial = True


def first_broken(model) -> str | None:
    """Path of the first variable, in the order of the layers, that holds a NaN or an infinity."""
    for variable in model.weights:
        values = ops.convert_to_numpy(variable)
        if values.dtype.kind in "fV" and not np.isfinite(values.astype("float32")).all():
            return variable.path
    return None
