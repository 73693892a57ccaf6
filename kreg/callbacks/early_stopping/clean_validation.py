"""Where EarlyStopping's clean validation loss comes from."""

import keras
import numpy as np

from kreg import private_keras
from kreg.callbacks.shared_values import shared
from kreg.measuring import own_loss
from kreg.measuring.evaluators import clean_evaluator, weight_evaluator
from kreg.measuring.keras_numbers import Logs
from kreg.measuring.measurement import Measurement
from kreg.measuring.rows import FEW, KEPT, MOST, Rows, Source, take
from kreg.measuring.streams import is_iterator

NAME = "val_clean_loss"
LOGGED = "val_loss"
UNKNOWN = "this model has losses of its own, which may hold penalties"


class CleanValidation:
    """Puts `val_clean_loss` into the logs where no `Diagnostics` has done so.

    From rows, where they were given: exact for every model, with per-example losses. Without rows
    from Keras's own validation, `val_loss - penalties(weights)`, where that is what it is made of;
    for a model with losses of its own from the rows that `fit` validates on. Where none of these
    can be had, it stays away: no other number is called so.

    Args:
        model: The model in training.
        validation: As in `EarlyStopping`, or `None`.
    """

    def __init__(self, model: keras.Model, validation: Source = None) -> None:
        self.model = model
        self.rows: Rows | None = None
        self.problem = ""  # why it cannot be had
        if validation is not None:
            self._take("validation", validation)
            # a variable that is made inside a training step has TensorFlow trace the step again
            if self.rows is not None and self.clean.own is None and model.built:
                private_keras.build_metrics(model, next(self.rows.batches()))

    def _take(self, name: str, data: Source) -> None:
        self.rows = take(name, data, KEPT, few=FEW, most=MOST)
        self.clean = clean_evaluator(self.model)

    def has_examples(self) -> bool:
        """Whether per-example losses will be there."""
        if self.rows is not None:
            return self.clean.has_examples
        peer = shared(self.model)
        return peer.rows is not None and peer.clean is not None and peer.clean.has_examples

    def measure(self, epoch: int, logs: Logs) -> np.ndarray | None:
        """Fill `logs`; returns the per-example losses of this epoch, or `None`."""
        if self.rows is None and NAME not in logs and LOGGED in logs:
            self._without_penalties(logs)
        if self.rows is not None and NAME not in logs:
            measured = self._measured()
            if measured is not None and measured.loss is not None:
                logs[NAME] = measured.loss
                return measured.only(self.rows.kept).examples
        return shared(self.model).examples(epoch)

    def _measured(self) -> Measurement | None:
        if self.rows is None or self.problem:
            return None
        try:
            return self.clean(self.rows)
        except Exception as error:  # whatever it is, it is not worth the training
            self.problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return None

    def _without_penalties(self, logs: Logs) -> None:
        """From Keras's own `val_loss`, or on the rows behind it."""
        if not isinstance(self.model, keras.Model) or self.problem:
            return
        penalty = weight_evaluator(self.model)().penalty
        found = own_loss.from_val_loss(self.model, float(logs[LOGGED]), penalty)
        if found is not None:
            logs[NAME] = found
            return
        given = private_keras.fit_arguments(self.model).get("validation_data")
        if given is None or is_iterator(given):
            self.problem = UNKNOWN
        else:
            self._take("validation_data", given)

    def score(self) -> float | None:
        """The clean validation loss right now, or `None` where there are no rows to measure it."""
        if self.rows is not None:
            measured = self._measured()
            return None if measured is None else measured.loss
        peer = shared(self.model)
        if peer.clean is None or peer.rows is None:
            return None
        return peer.clean(peer.rows).loss
