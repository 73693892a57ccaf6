"""TensorBoard: one event directory a run, without TensorFlow's writers and without double steps."""

import contextlib
from pathlib import Path

from kreg import check
from kreg.files import AnyPath
from kreg.loggers.protocol import Config, Document, EpochRecord, Result, Run
from kreg.tensorboard.events import Events

GRID = 16  # augmented images that are shown


class TensorBoard:
    """Clean curves, penalties, sparsity, weights, samples and the report, for TensorBoard.

    Tags: `overfit/clean_loss`, `overfit/val_clean_loss`, `overfit/gap` with the validation's error
    band, `penalty/total`, `penalty/<layer>`, `sparsity/total`, `sparsity/<layer>`,
    `weights/<layer>` (histograms), `augment/samples` (images), `overfit/verdict` and `report`
    (text), the custom-scalar layout and HParams. Steps are epochs from 1; after a resume they go on
    without gap or double.

    Args:
        directory: The run's one event directory, or `None` for `tensorboard` in the run's own.
        histograms: Weight histograms every so many epochs; 0 for none. Defaults to `5`.
    """

    def __init__(self, directory: AnyPath | None = None, *, histograms: int = 5) -> None:
        self.directory = directory
        self.histograms = check.integer("histograms", histograms, low=0)

    def begin(self, config: Config, run: Run) -> None:
        place = Path(self.directory or run.directory / "tensorboard")
        self._last = run.epoch
        self._events = Events(place, resume_step=run.epoch + 1 if run.epoch else None)
        with contextlib.ExitStack() as opened:
            opened.enter_context(self._events)
            if not run.epoch:
                self._head(config, run)
            opened.pop_all()  # the file stays open, unless this failed

    def _head(self, config: Config, run: Run) -> None:
        """What stands in the files once: the layout, the settings, the samples."""
        self._events.layout()
        if config:
            self._events.hparams(config, run=run.name, task=run.kind, names=run.units)
        if run.samples is not None:
            self._events.images(1, "augment/samples", run.samples(0)[:GRID])

    def epoch(self, record: EpochRecord) -> None:
        events, self._last = self._events, record.epoch
        if record.record is not None:
            events.epoch(record.record)
        else:
            logged = {f"logged/{name}": value for name, value in record.numbers.items()}
            events.scalars(record.epoch, logged)
        events.scalars(record.epoch, dict(record.layers))
        if self.histograms and (record.epoch - 1) % self.histograms == 0:
            for layer, values in record.weights().items():
                events.histogram(record.epoch, f"weights/{layer}", values)

    def report(self, document: Document) -> None:
        self._events.report(document)

    def end(self, result: Result) -> None:
        """The finished run's numbers, by which the HParams tab compares runs."""
        with self._events as events:
            if result.get("status") == "done":
                known = {"sparsity": result.get("sparsity")}
                numbers = {**result.get("metrics", {}), **known}
                told = {name: n for name, n in numbers.items() if n is not None}
                if told:
                    events.result(result.get("epochs", self._last), told)
