"""The number that decides: who measures it, and what stands in for it where it cannot be had."""

from collections.abc import Callable

import keras
import numpy as np

from kreg import check
from kreg.callbacks.early_stopping.clean_validation import LOGGED, NAME, CleanValidation
from kreg.callbacks.early_stopping.messages import LOGGED_INSTEAD, missing, no_refined
from kreg.callbacks.shared_values import shared
from kreg.measuring import refining
from kreg.measuring.keras_numbers import Logs, iterations, scalars
from kreg.measuring.rows import Source

MEASURED = {NAME, refining.NAME}  # measured here where no Diagnostics does it


class Monitored:
    """One number of each validation, by its name in the logs.

    Args:
        asked: The name that was asked for.
        validation_freq: As in `fit`: between validations it may be missing.
    """

    def __init__(self, asked: str, validation_freq: int) -> None:
        self.asked = self.name = asked
        self.validation_freq = validation_freq

    def begin(self, model: keras.Model, validation: Source) -> CleanValidation:
        """At the start of a training; returns what measures the clean loss where nobody else does.

        Args:
            model: The model in training.
            validation: As in `EarlyStopping`.
        """
        self.model, self.name = model, self.asked
        self.clean = CleanValidation(model, validation, refines=self.asked == refining.NAME)
        return self.clean

    @property
    def replaced(self) -> bool:
        """Whether `val_loss` stands in for a clean loss that cannot be had."""
        return self.name != self.asked

    @property
    def score(self) -> Callable[[], float | None] | None:
        """What measures the number right now; `None` where it comes from the logs alone."""
        return self.clean.score if self.name in MEASURED else None

    def measure(self, epoch: int, logs: Logs) -> np.ndarray | None:
        """Fill `logs` where it is ours; returns the losses of single rows, or `None`."""
        examples = self.clean.measure(epoch, logs) if self.name in MEASURED else None
        if examples is None and self.name != refining.NAME:
            return shared(self.model).examples(epoch)
        return examples

    def instead(self, epoch: int, logs: Logs) -> str:
        """Why `val_loss` has to stand in for it from now on; empty where it need not.

        Raises:
            ValueError: For a number that is not there, and that nothing stands in for.
        """
        if self.name in logs or (epoch + 1) % self.validation_freq:
            return ""
        problem = self.clean.problem if self.name in MEASURED else ""
        if self.name == refining.NAME:
            raise no_refined(problem)
        if not problem or LOGGED not in logs:
            raise missing(self.name, logs)
        return LOGGED_INSTEAD.format(problem.rstrip("."))

    def replace(self) -> None:
        """Take `val_loss` in its place."""
        self.name = LOGGED

    def values(self, logs: Logs, seconds: float) -> dict[str, float]:
        """Numbers for the criterion: the logs, steps and the seconds of the training."""
        values = scalars(logs)
        if self.name not in values:
            raise check.invalid("monitor", "the name of one number", self.name)
        values["seconds"] = seconds
        steps = iterations(self.model)
        return values if steps is None else {**values, "step": steps}
