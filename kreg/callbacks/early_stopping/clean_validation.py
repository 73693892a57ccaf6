"""Where EarlyStopping's clean validation loss comes from."""

import keras
import numpy as np

from kreg import private_keras
from kreg.callbacks.shared_values import shared
from kreg.measuring.evaluators import clean_evaluator, weight_evaluator
from kreg.measuring.keras_numbers import Logs
from kreg.measuring.penalties import has_other_losses
from kreg.measuring.rows import Source, take

NAME = "val_clean_loss"
LIMIT = 2048


class CleanValidation:
    """Puts `val_clean_loss` into the logs where no `Diagnostics` has done so.

    From rows, where they were given: exact for every model, with per-example losses. Without rows
    from Keras's own validation: `val_loss - penalties(weights)`, exact where the weights' penalties
    are the only ones.

    Args:
        model: The model in training.
        validation: As in `EarlyStopping`, or `None`.
    """

    def __init__(self, model: keras.Model, validation: Source = None) -> None:
        self.model = model
        self.rows = None
        self.weights = weight_evaluator(model) if isinstance(model, keras.Model) else None
        if validation is not None:
            self.rows = take("validation", validation, LIMIT)
            self.clean = clean_evaluator(model)
            # a variable that is made inside a training step has TensorFlow trace the step again
            private_keras.build_metrics(model, next(self.rows.batches()))

    def has_examples(self) -> bool:
        """Whether per-example losses will be there."""
        if self.rows is not None:
            return self.clean.has_examples
        peer = shared(self.model)
        return peer.rows is not None and peer.clean is not None and peer.clean.has_examples

    def measure(self, epoch: int, logs: Logs) -> np.ndarray | None:
        """Fill `logs`; returns the per-example losses of this epoch, or `None`."""
        if self.rows is not None and NAME not in logs:
            measured = self.clean(self.rows)
            if measured.loss is not None:
                logs[NAME] = measured.loss
            return measured.examples
        if NAME not in logs and "val_loss" in logs:
            self._without_penalties(logs)
        return shared(self.model).examples(epoch)

    def _without_penalties(self, logs: Logs) -> None:
        """From Keras's own `val_loss`, where the weights' penalties are the only ones in it."""
        if self.weights is not None and not has_other_losses(self.model):
            logs[NAME] = float(logs["val_loss"]) - self.weights().penalty

    def score(self) -> float | None:
        """The clean validation loss right now, or `None` where there are no rows to measure it."""
        if self.rows is not None:
            return self.clean(self.rows).loss
        peer = shared(self.model)
        if peer.clean is None or peer.rows is None:
            return None
        return peer.clean(peer.rows).loss
