"""TensorBoard: one event directory a run, without TensorFlow's writers and without double steps."""

import keras
from keras import ops

from kreg import check
from kreg.callbacks.board import board
from kreg.callbacks.kept import weights_of
from kreg.callbacks.logs import scalars
from kreg.callbacks.penalties import layer_of
from kreg.tensorboard import Events

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

    def __init__(self, directory, *, histograms: int = 5, samples=None):
        super().__init__()
        self.directory = directory
        self.histograms = check.integer("histograms", histograms, low=0)
        self.samples = samples
        self.problem = ""
        self._events = None

    def on_train_begin(self, logs=None):
        self._close()
        self.problem = ""

    def on_epoch_begin(self, epoch, logs=None):
        if self._events is None and not self.problem:
            self._guarded(lambda: self._open(epoch))

    def on_epoch_end(self, epoch, logs=None):
        if self._events is not None and not board(self.model).partial:
            self._guarded(lambda: self._epoch(epoch, scalars(logs)))

    def on_train_end(self, logs=None):
        measured = board(self.model).diagnostics
        if not self.problem and measured is not None and measured.document is not None:
            self._guarded(lambda: self._report(measured))
        self._close()

    def _report(self, measured) -> None:
        """The last events. A run that was killed after its last epoch has no writer yet."""
        if self._events is None:
            self._open(max(measured.record.epochs, default=0))
        self._events.report(measured.document)

    def result(self, step: int, numbers: dict) -> None:
        """After training: the finished run's numbers, by which the HParams tab compares runs."""
        if not self.problem:
            self._guarded(lambda: self._result(step, numbers))

    def _result(self, step: int, numbers: dict) -> None:
        with Events(self.directory) as events:
            events.result(step, numbers)

    def _guarded(self, write) -> None:
        """A disk that is full must not end a training: say it once, and write no more."""
        try:
            write()
        except OSError as error:
            self.problem = f"TensorBoard events in {self.directory} cannot be written: {error}."
            print(self.problem)
            self._close()

    def _open(self, epoch: int) -> None:
        self._events = Events(self.directory, resume_step=epoch + 1 if epoch else None)
        if epoch:
            return
        self._events.layout()
        measured = board(self.model).diagnostics
        if measured is not None and measured.settings:
            task = measured.record.task
            self._events.hparams(measured.settings, run=measured.name, task=task)
        if self.samples is not None:
            self._events.images(1, "augment/samples", self.samples(epoch)[:GRID])

    def _epoch(self, epoch: int, logs: dict) -> None:
        step, measured = epoch + 1, board(self.model).diagnostics
        if measured is not None and measured.record.epochs[-1:] == [step]:
            self._events.epoch(measured.record)
        else:
            self._events.scalars(step, {f"logged/{name}": value for name, value in logs.items()})
        numbers = self._numbers(epoch)
        layers = {f"penalty/{name}": value for name, value in numbers.penalties.items()}
        counts = numbers.zeros.items()
        layers |= {f"sparsity/{name}": zero / size for name, (zero, size) in counts}
        self._events.scalars(step, layers)
        if self.histograms and epoch % self.histograms == 0:
            self._weights(step)

    def _numbers(self, epoch: int):
        """What Diagnostics has just computed, or the same computed here."""
        known = board(self.model).weights
        return known[1] if known is not None and known[0] == epoch else weights_of(self.model)()

    def _weights(self, step: int) -> None:
        for variable in self.model.trainable_variables:
            if len(variable.shape) >= 2:
                tag = f"weights/{layer_of(variable, self.model)}"
                self._events.histogram(step, tag, ops.convert_to_numpy(variable))

    def _close(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None
