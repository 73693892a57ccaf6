"""TensorBoard: one event directory a run, without TensorFlow's writers and without double steps."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.callbacks.diagnostics.diagnostics import Diagnostics
from kreg.callbacks.shared_values import shared
from kreg.files import AnyPath
from kreg.measuring.evaluators import weight_evaluator
from kreg.measuring.keras_numbers import Logs, scalars
from kreg.measuring.penalties import WeightNumbers, layer_of
from kreg.measuring.used_weights import used_weights
from kreg.tensorboard.events import Events

GRID = 16


class TensorBoard(keras.callbacks.Callback):
    """Clean curves, penalties, sparsity, weights, samples and the report, for TensorBoard.

    Tags: `overfit/clean_loss`, `overfit/val_clean_loss`, `overfit/gap` with the validation's error
    band, `penalty/total`, `penalty/<layer>`, `sparsity/total`, `sparsity/<layer>`,
    `weights/<layer>` (histograms), `augment/samples` (images), `overfit/verdict` and `report`
    (text), the custom-scalar layout and HParams. Steps are epochs from 1; after a resume they go on
    without gap or double. Put it after `Diagnostics` and `EarlyStopping`.

    Args:
        directory: The run's one event directory.
        histograms: Weight histograms every so many epochs; 0 for none. Defaults to `5`.
        samples: Function `epoch (from 0) -> array (n, height, width, 1 or 3)` of augmented images,
            uint8 or in [0, 1], or `None`. Called at the first epoch; 16 are shown.
    """

    def __init__(
        self,
        directory: AnyPath,
        *,
        histograms: int = 5,
        samples: Callable[[int], Any] | None = None,
    ) -> None:
        super().__init__()
        self.directory = directory
        self.histograms = check.integer("histograms", histograms, low=0)
        self.samples = samples
        self.problem = ""
        self._events: Events | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        self.problem = ""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._events is None and not self.problem:
            self._guarded(lambda: self._open(epoch))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        events = self._events
        if events is not None and not shared(self.model).partial:
            with used_weights(self.model):
                self._guarded(lambda: self._epoch(events, epoch, scalars(logs)))

    def on_train_end(self, logs: Logs | None = None) -> None:
        measured = shared(self.model).diagnostics
        document = None if measured is None else measured.document
        if not self.problem and measured is not None and document is not None:
            last = max(measured.record.epochs, default=0)
            self._guarded(lambda: self._report(document, last))
        self._close()

    def _report(self, document: dict[str, Any], last: int) -> None:
        """The last events. A run that was killed after its last epoch has no writer yet."""
        events = self._events or self._open(last)
        events.report(document)

    def result(self, step: int, numbers: dict[str, float]) -> None:
        """After training: the finished run's numbers, by which the HParams tab compares runs."""
        if not self.problem:
            self._guarded(lambda: self._result(step, numbers))

    def _result(self, step: int, numbers: dict[str, float]) -> None:
        with Events(self.directory) as events:
            events.result(step, numbers)

    def _guarded(self, write: Callable[[], object]) -> None:
        """A disk that is full must not end a training: say it once, and write no more."""
        try:
            write()
        except OSError as error:
            self.problem = f"TensorBoard events in {self.directory} cannot be written: {error}."
            print(self.problem)
            self._close()

    def _open(self, epoch: int) -> Events:
        events = self._events = Events(self.directory, resume_step=epoch + 1 if epoch else None)
        if not epoch:
            self._begin(events, shared(self.model).diagnostics)
        return events

    def _begin(self, events: Events, measured: Diagnostics | None) -> None:
        """What stands in the files once: the layout, the settings, the samples."""
        events.layout()
        if measured is not None and measured.settings:
            known = measured.record
            names = known.inputs.get("units", {})
            events.hparams(measured.settings, run=measured.name, task=known.task, names=names)
        if self.samples is not None:
            events.images(1, "augment/samples", self.samples(0)[:GRID])

    def _epoch(self, events: Events, epoch: int, logs: dict[str, float]) -> None:
        step, measured = epoch + 1, shared(self.model).diagnostics
        if measured is not None and measured.record.epochs[-1:] == [step]:
            events.epoch(measured.record)
        else:
            events.scalars(step, {f"logged/{name}": value for name, value in logs.items()})
        numbers = self._numbers(epoch)
        layers = {f"penalty/{name}": value for name, value in numbers.penalties.items()}
        counts = numbers.zeros.items()
        layers |= {f"sparsity/{name}": zero / size for name, (zero, size) in counts}
        events.scalars(step, layers)
        if self.histograms and epoch % self.histograms == 0:
            self._weights(events, step)

    def _numbers(self, epoch: int) -> WeightNumbers:
        """What Diagnostics has just computed, or the same computed here."""
        known = shared(self.model).weights
        return (
            known[1] if known is not None and known[0] == epoch else weight_evaluator(self.model)()
        )

    def _weights(self, events: Events, step: int) -> None:
        for variable in self.model.trainable_variables:
            if len(variable.shape) >= 2:
                tag = f"weights/{layer_of(variable, self.model)}"
                events.histogram(step, tag, ops.convert_to_numpy(variable))

    def _close(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None
