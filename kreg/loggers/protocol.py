"""What a logger is: four methods, and the plain values that they are called with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kreg import files
from kreg.diagnostics.record import Record
from kreg.foreign import json_text

MEMORY = "loggers.json"  # in a run's directory: by which names its loggers know it
ARTIFACTS = ("report.html", "report.json", "card.md", "history.csv", "best.keras")

Config = Mapping[str, Any]
Document = Mapping[str, Any]
Result = Mapping[str, Any]


def no_weights() -> dict[str, np.ndarray]:
    return {}


@dataclass(frozen=True)
class Run:
    """Which training it is.

    Args:
        directory: The run's own directory.
        name: How the run is called. Defaults to the directory's name.
        task: The experiment, or project, that it belongs to.
        group: The sweep of which it is a job; empty for a single run.
        epoch: Epochs that were trained, and logged, by an earlier process; 0 for a new run.
        kind: `"classification"`, `"regression"` or `None`.
        units: Names of metrics to the units that they have.
        samples: Function `epoch (from 0) -> array (n, height, width, 1 or 3)` of augmented images,
            or `None`.
    """

    directory: Path
    name: str = ""
    task: str = "kreg"
    group: str = ""
    epoch: int = 0
    kind: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    samples: Callable[[int], Any] | None = None

    def recall(self, logger: str) -> dict[str, Any]:
        """What a logger has noted of this run in an earlier process; empty for a new run."""
        return dict(self._memory().get(logger, {}))

    def remember(self, logger: str, **facts: Any) -> None:
        """Keep what a logger needs to go on with the same tracked run after a resume."""
        files.write_json(self.directory / MEMORY, {**self._memory(), logger: facts})

    def _memory(self) -> dict[str, dict[str, Any]]:
        return json_text.read_object(self.directory / MEMORY, dict[str, dict[str, Any]]) or {}

    def artifacts(self) -> list[Path]:
        """The files of the run that are worth keeping elsewhere, those that are there."""
        return [path for name in ARTIFACTS if files.is_regular(path := self.directory / name)]


@dataclass(frozen=True)
class EpochRecord:
    """One epoch, as a logger gets it.

    Args:
        epoch: From 1.
        numbers: The row of `history.csv`: `{"clean_loss": 0.1, "val_clean_loss": 0.2, ...}`.
        layers: `penalty/<layer>` and `sparsity/<layer>`.
        record: What `kreg.Diagnostics` has measured so far, this epoch last; `None` without it.
        weights: Function that gives the kernels, `{layer: array}`.
    """

    epoch: int
    numbers: Mapping[str, float]
    layers: Mapping[str, float] = field(default_factory=dict)
    record: Record | None = None
    weights: Callable[[], dict[str, np.ndarray]] = no_weights


@runtime_checkable
class Logger(Protocol):
    """What `logger=` chooses from. A method may raise: it costs the logger, never the training."""

    def begin(self, config: Config, run: Run) -> None:
        """Once in a process, before the first epoch: open, or go on with, the tracked run.

        Args:
            config: The whole configuration, nested plain values.
            run: Which run it is; with `run.epoch > 0` it goes on.
        """

    def epoch(self, record: EpochRecord) -> None:
        """After each whole epoch."""

    def report(self, document: Document) -> None:
        """After training, if it was diagnosed: the report with its verdict and advice."""

    def end(self, result: Result) -> None:
        """Last of all: the run's files are written, but `result.json`, which says that it ended.

        Args:
            result: The fields of `result.json`. Its `status` is `"done"`, `"failed"`, or
                `"interrupted"`: then the run may go on later.
        """
