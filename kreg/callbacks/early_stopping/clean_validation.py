"""Where EarlyStopping's clean validation loss comes from."""

import keras
import numpy as np

from kreg import private_keras
from kreg.callbacks.shared_values import shared
from kreg.measuring import own_loss, refining
from kreg.measuring.evaluators import clean_evaluator, weight_evaluator
from kreg.measuring.keras_numbers import Logs
from kreg.measuring.measurement import Measurement
from kreg.measuring.rows import FEW, KEPT, MOST, Rows, Source, take
from kreg.measuring.streams import is_iterator

NAME = "val_clean_loss"
LOGGED = "val_loss"
NO_ROWS = "There is no val_refined_loss without validation rows: pass `validation=(x, y)`."
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
        refines: Whether `val_refined_loss` is wanted.
    """

    def __init__(
        self, model: keras.Model, validation: Source = None, refines: bool = False
    ) -> None:
        self.model, self.refines = model, refines
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
        wanted = refining.NAME if self.refines else NAME
        if self.rows is None and wanted not in logs and LOGGED in logs:
            self._without_rows(logs)
        if self.rows is not None and wanted not in logs:
            measured = self._measured(epoch)
            if measured is not None and measured.loss is not None:
                logs[NAME] = measured.loss
                return self._refined(measured, logs) if self.refines else self._examples(measured)
        return shared(self.model).examples(epoch, self.refines)

    def _examples(self, measured: Measurement) -> np.ndarray | None:
        return measured.only(None if self.rows is None else self.rows.kept).examples

    def _refined(self, measured: Measurement, logs: Logs) -> np.ndarray | None:
        """The refined loss in the logs, and its rows."""
        kept = None if self.rows is None else self.rows.kept
        found = refining.refined(measured, self.clean.reader, kept)
        if isinstance(found, str):
            self.problem = found or refining.NO_CLASSES
            return None
        logs[refining.NAME] = found.loss
        return found.examples

    def _measured(self, epoch: int) -> Measurement | None:
        if self.rows is None or self.problem:
            return None
        known = shared(self.model).foreseen(epoch)
        try:
            return (known and known.clean(self.clean, self.rows)) or self.clean(self.rows)
        except Exception as error:  # whatever it is, it is not worth the training
            self.problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
            return None

    def _without_rows(self, logs: Logs) -> None:
        """From Keras's own `val_loss`, or on the rows behind it."""
        if not isinstance(self.model, keras.Model) or self.problem:
            return
        if self.refines:
            self._take_rows_of_fit()
            return
        penalty = weight_evaluator(self.model)().penalty
        found = own_loss.from_val_loss(self.model, float(logs[LOGGED]), penalty)
        if found is not None:
            logs[NAME] = found
        else:
            self._take_rows_of_fit()

    def _take_rows_of_fit(self) -> None:
        given = private_keras.fit_arguments(self.model).get("validation_data")
        if given is None or is_iterator(given):
            self.problem = NO_ROWS if self.refines else UNKNOWN
        else:
            self._take("validation_data", given)

    def score(self) -> float | None:
        """The monitored loss right now, or `None` where there are no rows to measure it."""
        peer = shared(self.model)
        clean, rows = (self.clean, self.rows) if self.rows is not None else (peer.clean, peer.rows)
        if clean is None or rows is None or self.problem:
            return None
        measured = clean(rows)
        if not self.refines:
            return measured.loss
        found = refining.refined(measured, clean.reader, rows.kept)
        return None if isinstance(found, str) else found.loss
