"""The numbers that Diagnostics adds to the logs of an epoch, as far as they can be measured."""

from typing import TYPE_CHECKING

from kreg.callbacks.diagnostics import train_begin
from kreg.measuring import own_loss, refining
from kreg.measuring.ahead import Foreseen
from kreg.measuring.clean_loss import UnmeasurableError
from kreg.measuring.keras_numbers import Logs
from kreg.measuring.measurement import Measurement
from kreg.measuring.overhead import operations, training_rows
from kreg.measuring.penalties import WeightNumbers
from kreg.measuring.rows import Rows

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics


class EpochNumbers:
    """Measures both sides and the weights of one training.

    Args:
        callback: Whose rows and evaluators are used.

    Attributes:
        possible: Whether the clean losses can be measured; found out by the first try.
        train: What was measured on the training side in this epoch, or `None`.
        known: Of the state at the end of this epoch, where that is measured with others.
    """

    def __init__(self, callback: "Diagnostics") -> None:
        self.callback = callback
        self.possible = True
        self.train: Measurement | None = None
        self.known: Foreseen | None = None

    def fill(self, epoch: int, logs: Logs) -> Measurement | None:
        """Fill the logs; returns the validation side with those single rows that are kept."""
        callback = self.callback
        self.known = callback.shared.foreseen(epoch)
        validation = self.clean(callback.validation)
        numbers = self._weights()
        callback.shared.weights = (epoch, numbers)
        self._log_validation(epoch, logs, validation, numbers)
        self.train = self._measure_train(logs)
        if "clean_loss" in logs and "val_clean_loss" in logs:
            logs["gap"] = logs["val_clean_loss"] - logs["clean_loss"]
        other = next((m.other for m in (self.train, validation) if m is not None), 0.0)
        logs["penalty"] = numbers.penalty + other
        logs["sparsity"] = numbers.sparsity
        return callback.shared.validation[1] if callback.shared.validation else None

    def _weights(self) -> WeightNumbers:
        """Penalties and zeros; the weights are kept for the next epoch."""
        callback, known = self.callback, self.known
        if known is not None:
            callback.last.take(known.values(callback.last.kernels))
            return known.numbers.weights
        numbers = callback.weights()
        callback.last.take(callback.weights.kept)
        return numbers

    def clean(self, rows: Rows | None) -> Measurement | None:
        """The measurement; `None` where there is none to be had, which is said once."""
        if rows is None or not self.possible:
            return None
        try:
            found = self.known and self.known.clean(self.callback.clean, rows)
            found = found or self.callback.clean(rows)
        except UnmeasurableError as error:
            self._impossible(str(error))
            return None
        except Exception as error:  # whatever it is, it is not worth the training
            self._impossible(f"{type(error).__name__}: {first_line(error)}")
            return None
        if found.loss is None:
            self.callback.note(train_begin.UNMEASURED.format(train_begin.NO_LOSS))
        return found

    def _impossible(self, reason: str) -> None:
        self.possible = False
        self.callback.shared.rows = None
        self.callback.note(train_begin.UNMEASURED.format(reason.rstrip(".")))

    def _log_validation(
        self, epoch: int, logs: Logs, found: Measurement | None, numbers: WeightNumbers
    ) -> None:
        """The validation side in the logs, and for the callbacks that follow."""
        callback = self.callback
        callback.shared.validation = callback.shared.refined = None
        if found is None or callback.validation is None:
            if "val_loss" in logs:
                self._from_val_loss(logs, numbers.penalty)
            return
        found.into(logs, "val_clean_")
        self._refine(epoch, logs, found, callback.validation)
        if callback.validate and found.loss is not None and callback.clean.own is None:
            logs["val_loss"] = found.loss + numbers.penalty + found.other
            found.metrics_into(logs, "val_")
        kept = found.without_scores().only(callback.validation.kept)
        callback.shared.validation = (epoch, kept)

    def _refine(self, epoch: int, logs: Logs, found: Measurement, rows: Rows) -> None:
        """What a temperature leaves of the loss, where that means something."""
        refined = refining.refined(found, self.callback.clean.reader, rows.kept)
        if isinstance(refined, str):
            return  # why there is none, a rule that asks for it says
        logs[refining.NAME] = refined.loss
        self.callback.shared.refined = (epoch, refined)

    def _from_val_loss(self, logs: Logs, penalty: float) -> None:
        """Keras's `val_loss` without the penalties, where it is known what it is made of."""
        clean = own_loss.from_val_loss(self.callback.model, float(logs["val_loss"]), penalty)
        if clean is not None:
            logs["val_clean_loss"] = clean
        elif self.possible:
            self.callback.note(train_begin.UNKNOWN)

    def _measure_train(self, logs: Logs) -> Measurement | None:
        """The training side, on the same rows in every epoch."""
        callback = self.callback
        if callback.train is None:
            return None
        if callback.thin is None:  # not earlier: the stopping rules have said by now what they read
            callback.thin = callback.train.spread(self._affordable(callback.train))
        found = self.clean(callback.thin)
        if found is not None:
            found.into(logs, "clean_")
        return found

    def _affordable(self, train: Rows) -> int:
        """How many training rows are measured; all of them if a stopping rule reads them."""
        callback = self.callback
        reads = any(n == "gap" or n.startswith("clean_") for n in callback.shared.decisive)
        if not callback.adapt or reads:
            return len(train)
        # in place of Keras's own pass it is no cost of measuring
        validation = None if callback.validate else callback.validation
        return training_rows(
            len(train),
            beside=0 if validation is None else min(len(validation), callback.sides.limit),
            trained=callback.trained,
            operations=operations(callback.model),
            budget=callback.budget,
        )


def first_line(error: Exception) -> str:
    """What an error says, without what a backend appends to it."""
    return (str(error).strip().splitlines() or [""])[0]
