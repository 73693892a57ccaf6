"""Where EarlyStopping's clean validation loss comes from."""

import keras
from keras import ops

from kreg import private_keras
from kreg.callbacks.board import board
from kreg.callbacks.kept import clean_of, weights_of
from kreg.callbacks.penalties import has_other_losses
from kreg.callbacks.rows import take

NAME = "val_clean_loss"
LIMIT = 2048


class Source:
    """Puts `val_clean_loss` into the logs where no `Diagnostics` has done so.

    From rows, where they were given: exact for every model, with per-example losses. Without rows
    from Keras's own validation: `val_loss - penalties(weights)`, exact where the weights' penalties
    are the only ones.

    Args:
        model: The model in training.
        validation: As in `EarlyStopping`, or `None`.
    """

    def __init__(self, model, validation=None):
        self.model = model
        self.rows = None
        self.weights = weights_of(model) if isinstance(model, keras.Model) else None
        if validation is not None:
            self.rows = take("validation", validation, LIMIT)
            self.clean = clean_of(model)
            # a variable that is made inside a training step has TensorFlow trace the step again
            private_keras.build_metrics(model, next(self.rows.batches()))

    def has_examples(self) -> bool:
        """Whether per-example losses will be there."""
        peer = board(self.model)
        clean = self.clean if self.rows is not None else peer.clean if peer.rows else None
        return clean is not None and clean.has_examples

    def measure(self, epoch: int, logs: dict):
        """Fill `logs`; returns the per-example losses of this epoch, or `None`."""
        if self.rows is not None and NAME not in logs:
            measured = self.clean(self.rows)
            if measured.loss is not None:
                logs[NAME] = measured.loss
            return measured.examples
        if NAME not in logs and "val_loss" in logs and not has_other_losses(self.model):
            logs[NAME] = float(logs["val_loss"]) - self.weights().penalty
        return board(self.model).examples(epoch)

    def score(self) -> float | None:
        """The clean validation loss right now, or `None` where there are no rows to measure it."""
        peer = board(self.model)
        if self.rows is not None:
            return self.clean(self.rows).loss
        return peer.clean(peer.rows).loss if peer.rows is not None else None


def learning_rate(model) -> float | None:
    """The optimizer's present learning rate, or `None` where there is not exactly one."""
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    return None if rate is None else float(ops.convert_to_numpy(rate))


def iterations(model) -> int | None:
    """Optimizer steps so far, or `None` for a model without an optimizer."""
    steps = getattr(getattr(model, "optimizer", None), "iterations", None)
    return None if steps is None else int(ops.convert_to_numpy(steps))
