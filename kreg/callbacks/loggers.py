"""Loggers: one callback that tells every logger of a training what happens."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from kreg.callbacks.shared_values import shared
from kreg.files import AnyPath
from kreg.loggers.protocol import EpochRecord, Logger, Run
from kreg.measuring.evaluators import weight_evaluator
from kreg.measuring.keras_numbers import Logs, scalars
from kreg.measuring.penalties import WeightNumbers, layer_of
from kreg.measuring.used_weights import used_weights

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics


class Loggers(keras.callbacks.Callback):
    """Tells loggers of a training: its settings, every whole epoch, the report, the end.

    A logger that fails costs a sentence and is told nothing more; the training and the other
    loggers go on. Put it after `Diagnostics` and `EarlyStopping`.

    Args:
        loggers: Objects with the methods of `kreg.loggers.Logger`, `kreg.loggers.MLflow()` say.
        run: Which run it is, a `kreg.loggers.Run`, or the run's own directory.
        config: The settings, nested plain values. Defaults to those of `Diagnostics`.
        ends: Whether the end of `fit` is the end of the run. If not, call `end(result)` when the
            run's files are written. Defaults to `True`.

    Example:

    ```python
    loggers = kreg.callbacks.Loggers([kreg.loggers.MLflow()], "logs/mine", config={"rate": 0.1})
    model.fit(x, y, validation_data=held_out, callbacks=[diagnostics, loggers])
    ```
    """

    def __init__(
        self,
        loggers: Sequence[Logger],
        run: "Run | AnyPath",
        *,
        config: Mapping[str, Any] | None = None,
        ends: bool = True,
    ) -> None:
        super().__init__()
        self.loggers = list(loggers)
        self.run = run if isinstance(run, Run) else Run(Path(run))
        self.config = config
        self.ends = ends
        self.problems: list[str] = []
        self._active: list[Logger] = []
        self._begun = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.problems, self._active, self._begun = [], list(self.loggers), False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin(epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._active and not shared(self.model).partial:
            with used_weights(self.model):
                record = self._record(epoch, scalars(logs))
                self._tell(lambda logger: logger.epoch(record))

    def on_train_end(self, logs: Logs | None = None) -> None:
        measured = shared(self.model).diagnostics
        document = None if measured is None else measured.document
        if measured is not None and document is not None:
            self._begin(max(measured.record.epochs, default=0))  # killed after its last epoch
            self._tell(lambda logger: logger.report(document))
        if self.ends:
            self.end({"status": "done"})

    def end(self, result: Mapping[str, Any]) -> None:
        """The run has ended, and its files are written; `result["status"]` says how."""
        if self._begun:
            self._tell(lambda logger: logger.end(result))
        self._active = []

    def _begin(self, epoch: int) -> None:
        if not self._begun:
            self._begun = True
            measured = shared(self.model).diagnostics
            run = dataclasses.replace(self._facts(measured), epoch=epoch)
            config = self.config if self.config is not None else getattr(measured, "settings", {})
            self._tell(lambda logger: logger.begin(config or {}, run))

    def _facts(self, measured: "Diagnostics | None") -> Run:
        """The run, with what Diagnostics knows of it."""
        name = self.run.name or self.run.directory.absolute().name
        if measured is None:
            return dataclasses.replace(self.run, name=name)
        known = measured.record
        units = known.inputs.get("units", {})
        return dataclasses.replace(self.run, name=name, kind=known.task, units=units)

    def _tell(self, what: Callable[[Logger], object]) -> None:
        """Call every logger; one that fails is left out from now on, with a sentence."""
        for logger in list(self._active):
            try:
                what(logger)
            except Exception as error:  # whatever it is, the training is worth more
                self._active.remove(logger)
                self.problems.append(failed(logger, error))
                print(self.problems[-1])

    def _record(self, epoch: int, numbers: dict[str, float]) -> EpochRecord:
        measured, found = shared(self.model).diagnostics, self._numbers(epoch)
        layers = {f"penalty/{name}": value for name, value in found.penalties.items()}
        counts = found.zeros.items()
        layers |= {f"sparsity/{name}": zero / size for name, (zero, size) in counts}
        there = measured is not None and measured.record.epochs[-1:] == [epoch + 1]
        record = measured.record if measured is not None and there else None
        return EpochRecord(epoch + 1, numbers, layers, record, self._weights)

    def _numbers(self, epoch: int) -> WeightNumbers:
        """What Diagnostics has just computed, or the same computed here."""
        known = shared(self.model).weights
        return (
            known[1] if known is not None and known[0] == epoch else weight_evaluator(self.model)()
        )

    def _weights(self) -> dict[str, np.ndarray]:
        """The kernels by their layers; a layer's second one has a name of its own."""
        found: dict[str, np.ndarray] = {}
        for variable in self.model.trainable_variables:
            if len(variable.shape) >= 2:
                layer = layer_of(variable, self.model)
                name = f"{layer}/{variable.name}" if layer in found else layer
                found[name] = ops.convert_to_numpy(variable)
        return found


def failed(logger: Logger, error: Exception) -> str:
    """What is said of a logger that raised."""
    name = type(logger).__name__
    words = " ".join(str(error).split())[:300]
    return (
        f"{name}: the run cannot be written there ({type(error).__name__}: {words}). "
        f"The training goes on without {name}."
    )
