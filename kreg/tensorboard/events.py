"""An event file that is written at once and needs no TensorFlow."""

import os
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from kreg.diagnostics.record import Record
from kreg.diagnostics.statistics import paired_se
from kreg.files import AnyPath
from kreg.pages import Report
from kreg.tensorboard import hparams, summaries

# curve of the record -> tag
TAGS = {
    "clean_loss": "overfit/clean_loss",
    "val_clean_loss": "overfit/val_clean_loss",
    "val_refined_loss": "overfit/val_refined_loss",
    "gap": "overfit/gap",
    "loss": "overfit/loss",
    "val_loss": "overfit/val_loss",
    "penalty": "penalty/total",
    "sparsity": "sparsity/total",
    "learning_rate": "learning_rate",
}


class Events:
    """Writes one run's events; each call is on disk when it returns.

    Args:
        directory: The run's event directory; made if missing.
        resume_step: The first step that will be written again after a resume, or `None`.

    A directory that cannot be written is the caller's error; a training should guard the calls.
    """

    def __init__(self, directory: AnyPath, *, resume_step: int | None = None) -> None:
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}.kreg"
        self._writer = RecordWriter((folder / name).open("wb"))
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if resume_step is not None:
            log = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=resume_step, session_log=log))

    def add(self, step: int, *values: Summary.Value) -> None:
        """Write summary values of one step."""
        summary = Summary(value=values)
        self._write(Event(wall_time=time.time(), step=step, summary=summary))

    def scalars(self, step: int, numbers: Mapping[str, float]) -> None:
        self.add(step, *(summaries.scalar(tag, number) for tag, number in numbers.items()))

    def histogram(self, step: int, tag: str, values: ArrayLike) -> None:
        """`weights/<layer>` say."""
        self.add(step, summaries.histogram(tag, values))

    def images(self, step: int, tag: str, pictures: ArrayLike) -> None:
        """Pictures of shape (n, height, width, 1 or 3), `augment/samples` say."""
        self.add(step, summaries.image(tag, pictures))

    def text(self, step: int, tag: str, content: str) -> None:
        self.add(step, summaries.text(tag, content))

    def layout(self) -> None:
        """The custom-scalar dashboard; once in a run suffices."""
        self.add(0, summaries.dashboard())

    def hparams(
        self,
        settings: Mapping[str, Any],
        *,
        run: str,
        task: str | None = None,
        names: Iterable[str] = (),
    ) -> None:
        """The run's settings, nested or flat, for the HParams tab; `result` writes its metrics."""
        folds = bool(settings.get("data", {}).get("folds"))
        metrics = hparams.metrics_of(task, names, folds=folds)
        self.add(0, *hparams.summaries(settings, metrics, run))

    def result(self, step: int, numbers: Mapping[str, float]) -> None:
        """What a finished run is worth, as a sweep's table shows it."""
        known = {f"result/{name}": number for name, number in numbers.items()}
        self.scalars(step, {tag: n for tag, n in known.items() if hparams.is_result(tag)})

    def epoch(self, record: Record) -> None:
        """The scalars of the record's last epoch, with the band of the validation loss."""
        numbers = {
            tag: curve[-1]
            for name, tag in TAGS.items()
            if (curve := record.curves.get(name)) and curve[-1] is not None
        }
        loss, examples = numbers.get("overfit/val_clean_loss"), record.examples[-1]
        if loss is not None and examples is not None and examples.size > 1:
            error = paired_se(examples)
            numbers |= {"overfit/val_clean_low": loss - error}
            numbers |= {"overfit/val_clean_high": loss + error}
        self.scalars(record.epochs[-1], numbers)

    def report(self, document: Mapping[str, Any], step: int | None = None) -> None:
        """The document for the tab, the same as text, and the verdict as text."""
        verdict = document["verdict"]
        step = (verdict["epoch"] or 0) if step is None else step
        self.add(
            step,
            summaries.report(dict(document)),
            summaries.text("report", Report(dict(document)).markdown()),
            summaries.text("overfit/verdict", verdict["headline"]),
        )

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())
        self._writer.flush()
