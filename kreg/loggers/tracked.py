"""What the trackers have in common: the same tracked run after a resume, and no epoch twice."""

import contextlib
import hashlib
import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from kreg import files
from kreg.loggers import words
from kreg.loggers.protocol import Config, Document, EpochRecord, Result, Run

TRAINS = (
    "seed",
    "data",
    "model",
    "reg",
    "dropout",
    "augment",
    "optimizer",
    "stop",
    "trainer.steps",
)
FINAL = "result/"  # before the numbers of the finished run: no points of a curve
RESULT = "result.json"


class Tracked(ABC):
    """A logger whose runs have an identity in a store elsewhere.

    A killed epoch is trained again, to the same numbers: what the store has is not sent twice. If
    epochs are trained again under another configuration (`resume=force`), it is a new tracked run.
    """

    name: ClassVar[str]
    artifacts: bool = True

    def begin(self, config: Config, run: Run) -> None:
        self.run, self._digest = run, digest(config)
        known = run.recall(self.name)
        last = int(known.get("epoch", 0))
        if last > run.epoch and known.get("config") != self._digest:
            known, last = {}, 0
        self._last = last
        self.id = self.open(words.flat(config), known.get("id"))
        self._remember()

    def epoch(self, record: EpochRecord) -> None:
        if record.epoch > self._last:
            self.numbers(record.epoch, words.finite({**record.numbers, **record.layers}))
            self._last = record.epoch
            self._remember()

    def report(self, document: Document) -> None:
        self.verdict(document, words.tags(document), words.note(document))

    def end(self, result: Result) -> None:
        numbers = {f"{FINAL}{name}": value for name, value in words.outcome(result).items()}
        status = str(result.get("status", "done"))
        with self._kept(result, status) as kept:
            self.close(status, numbers, kept)

    @contextlib.contextmanager
    def _kept(self, result: Result, status: str) -> Iterator[list[Path]]:
        """The files that the store shall keep; the result as a copy.

        The run's own `result.json` is written when all its loggers have ended: a run that was
        killed before goes on, and tells them again.
        """
        if not self.artifacts or status != "done":
            yield []
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / RESULT
            if "metrics" in result:
                files.write_json(copy, result)
            yield [*self.run.artifacts(), *([copy] if copy.exists() else [])]

    def _remember(self) -> None:
        self.run.remember(self.name, id=self.id, epoch=self._last, config=self._digest)

    @abstractmethod
    def open(self, config: dict[str, Any], known: str | None) -> str:
        """A new tracked run, or the one that is `known`; returns its name in the store.

        Args:
            config: Flat, with dotted keys.
            known: What this returned in an earlier process of the same run, or `None`.
        """

    @abstractmethod
    def numbers(self, epoch: int, values: dict[str, float]) -> None:
        """The finite numbers of an epoch."""

    @abstractmethod
    def verdict(self, document: Document, tags: dict[str, str], note: str) -> None:
        """What the report says, in short."""

    @abstractmethod
    def close(self, status: str, numbers: dict[str, float], kept: Sequence[Path]) -> None:
        """The run has ended: `"done"`, `"failed"` or `"interrupted"`.

        Args:
            status: One of these.
            numbers: Of the finished run.
            kept: Its files, to be copied into the store.
        """


def digest(config: Mapping[str, Any]) -> str:
    """What decides the numbers of a training, as a few digits."""
    flat = {key: value for key, value in words.flat(config).items() if key.startswith(TRAINS)}
    return hashlib.sha256(json.dumps(flat, sort_keys=True).encode()).hexdigest()[:16]
