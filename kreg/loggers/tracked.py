"""What the trackers have in common: the same tracked run after a resume, and no epoch twice."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

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


class Tracked(ABC):
    """A logger whose runs have an identity in a store elsewhere.

    A killed epoch is trained again, to the same numbers: what the store has is not sent twice. If
    epochs are trained again under another configuration (`resume=force`), it is a new tracked run.
    """

    name: ClassVar[str]

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
        self.close(str(result.get("status", "done")), numbers)

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
    def close(self, status: str, numbers: dict[str, float]) -> None:
        """The run has ended: `"done"`, `"failed"` or `"interrupted"`."""


def digest(config: Mapping[str, Any]) -> str:
    """What decides the numbers of a training, as a few digits."""
    flat = {key: value for key, value in words.flat(config).items() if key.startswith(TRAINS)}
    return hashlib.sha256(json.dumps(flat, sort_keys=True).encode()).hexdigest()[:16]
