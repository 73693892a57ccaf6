"""The truth beside a recorded Keras fit: the test set, for each epoch and for means of epochs.

Used by `record_keras_suite.py`. No weights are kept: what a rule could restore is scored while the
training goes on. That is each epoch, and the mean of the last k epochs for k in `WINDOWS` (LAWA,
Kaddour 2022). The windows of `kreg.EarlyStopping(average=k)` (up to the best epoch, around it, from
it on) are all among the latter: each is the mean of the last k at some epoch.
"""

from collections import deque
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from kreg.diagnostics.refinement import cross_entropies, paired, refine

WINDOWS = (3, 5, 10)  # epochs whose weights are averaged
Part = tuple[np.ndarray, np.ndarray]


class Truth(keras.callbacks.Callback):
    """Measures the test set at the end of each epoch, as trained and at the fitted temperature.

    Args:
        twin: A second model of the same layers, into which means of weights are put.
        parts: Training, validation and test rows.
        classifies: Whether the outputs are class scores; of numbers the squared error is measured.

    After training: `curves`, name to list of numbers. `test_loss` and `test_calibrated_loss` are of
    the epoch, `test_loss_mean5` is of the mean of the last five, and so is `val_clean_loss_mean5`.
    """

    def __init__(self, twin: keras.Model, parts: Sequence[Part], classifies: bool) -> None:
        super().__init__()
        self.twin, self.classifies = twin, classifies
        (self.train, _), (x, self.y), (test, self.truth) = parts
        self.rows = tf.constant(np.concatenate([x, test]))
        self.forward = tf.function(lambda rows: twin(rows, training=False))
        self.normalized = [
            one for one in twin.layers if isinstance(one, keras.layers.BatchNormalization)
        ]
        for layer in self.normalized:
            layer.momentum = 0.0  # one pass over the training rows is the statistics
        self.again = tf.function(lambda rows: twin(rows, training=True))
        self.recent: deque[list[np.ndarray]] = deque(maxlen=max(WINDOWS))
        self.curves: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.recent.append(self.model.get_weights())
        self.keep("", self.recent[-1])
        for count in WINDOWS:
            means = [np.mean(values, 0) for values in zip(*list(self.recent)[-count:])]
            self.keep(f"_mean{count}", means)

    def keep(self, suffix: str, weights: list[np.ndarray]) -> None:
        """Score these weights."""
        for name, value in self.measured(weights, again=bool(suffix)).items():
            if suffix or name.startswith("test_"):  # of the epoch itself Diagnostics has the rest
                self.curves.setdefault(name + suffix, []).append(value)

    def measured(self, weights: list[np.ndarray], again: bool) -> dict[str, float]:
        """Losses on the validation and on the test rows.

        Args:
            weights: As `get_weights` returns them.
            again: Whether BatchNormalization's statistics are measured anew, on the training rows.
        """
        self.twin.set_weights(weights)
        if again and self.normalized:
            self.again(tf.constant(self.train))
        output = np.asarray(self.forward(self.rows), float)
        output, unseen = output[: len(self.y)], output[len(self.y) :]
        if not self.classifies:
            found = {"val_clean_loss": square(output, self.y)}
            return found | {"test_loss": square(unseen, self.truth)}
        fitted = refine(output, self.y)
        return {
            "val_clean_loss": fitted.loss,
            "val_refined_loss": fitted.refined,
            "test_loss": entropy(unseen, self.truth),
            "test_calibrated_loss": entropy(unseen, self.truth, fitted.temperature),
        }


def square(output: np.ndarray, y: np.ndarray) -> float:
    return float(np.square(output - y).mean())


def entropy(output: np.ndarray, y: np.ndarray, temperature: float = 1.0) -> float:
    """The mean cross-entropy of class scores divided by a temperature."""
    return float(cross_entropies(*paired(output, y), 1 / temperature).mean())
