"""What the callbacks of one training tell each other: this epoch's measurements, half epochs.

Keras's `logs` carry numbers only. Per-example losses, the evaluator itself and the note "this epoch
was cut short" travel here, beside the model, and vanish with it.
"""

from typing import TYPE_CHECKING

import keras
import numpy as np

from kreg import private_keras
from kreg.diagnostics.record import Event
from kreg.measuring.ahead import Foreseen
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.keras_numbers import learning_rate
from kreg.measuring.measurement import Measurement
from kreg.measuring.penalties import WeightNumbers
from kreg.measuring.refining import Refined
from kreg.measuring.rows import Rows

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

ATTRIBUTE = "_kreg_shared_values"


class SharedValues:
    """Values beside one model.

    Attributes:
        clean: The evaluator of the clean loss, or `None` while nobody measures.
        rows: The validation rows that are measured in every epoch, or `None`.
        validation: `(epoch, Measurement)` of the last epoch, or `None`.
        refined: `(epoch, Refined)` of the last epoch, or `None`.
        partial: Whether training was cut short in the middle of the running epoch.
        broken: A sentence once the loss or a weight is not finite: the training is over.
        guarded: Whether a `NonFinite` looks for that, and ends the training then.
        decisive: Names in the logs that a stopping rule reads; nobody may thin these out.
        alone: So many first epochs train the head alone: their losses are another model's.
        events: What happened, for the record.
        weights: `(epoch, WeightNumbers)` of the last epoch, or `None`.
        diagnostics: The `kreg.Diagnostics` of this training, or `None`.
        ahead: `(epoch, Foreseen)` where the state of the running epoch was known before it, else
            `None`.
    """

    def __init__(self) -> None:
        self.clean: CleanEvaluator | None = None
        self.rows: Rows | None = None
        self.validation: tuple[int, Measurement] | None = None
        self.refined: tuple[int, Refined] | None = None
        self.partial = False
        self.broken = ""
        self.guarded = False
        self.decisive: set[str] = set()
        self.alone = 0
        self.events: list[Event] = []
        self.weights: tuple[int, WeightNumbers] | None = None
        self.diagnostics: Diagnostics | None = None
        self.ahead: tuple[int, Foreseen] | None = None

    def foreseen(self, epoch: int) -> Foreseen | None:
        """What is known of the model's state after this epoch, as it still is in its callbacks."""
        return self.ahead[1] if self.ahead is not None and self.ahead[0] == epoch else None

    def examples(self, epoch: int, refined: bool = False) -> np.ndarray | None:
        """Per-example clean validation losses of this epoch, or the refined ones; or `None`."""
        if refined:
            known = self.refined
            return None if known is None or known[0] != epoch else known[1].examples
        if self.validation is None or self.validation[0] != epoch:
            return None
        return self.validation[1].examples


def rate_after(model: keras.Model, epoch: int) -> float | None:
    """The learning rate at the end of an epoch; `None` where there is not exactly one."""
    known = shared(model).foreseen(epoch)
    return learning_rate(model) if known is None else known.numbers.rate


def shared(model: keras.Model) -> SharedValues:
    """The values beside `model`; fresh ones at first."""
    return private_keras.beside(model, ATTRIBUTE, SharedValues)
