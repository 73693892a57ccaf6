"""The variables of the best epoch and of those around it, in memory or on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import archive, check, files
from kreg.callbacks.shared_values import shared
from kreg.foreign import npz
from kreg.foreign.schema import conform

WHAT = ("weights", "all")
NAME = "best-{:06d}.npz"


def read(model: keras.Model, what: str = "weights") -> list[np.ndarray]:
    """Copies of the model's weights, or of everything: seeds, optimizer and its averages too."""
    if what == "weights":
        # whatever structure a model of the user's returns
        copies: list[np.ndarray] = keras.tree.map_structure(np.array, model.get_weights())
        return copies
    return [np.array(ops.convert_to_numpy(v)) for v in _variables(model)]


def after(model: keras.Model, epoch: int, what: str = "weights") -> list[np.ndarray]:
    """The same as `read`, in the callbacks of an epoch; from memory where its state was known."""
    known = shared(model).foreseen(epoch) if what == "weights" else None
    if known is None:
        return read(model, what)
    return [np.array(value) for value in known.values(model.weights)]


def write(model: keras.Model, values: Sequence[np.ndarray], what: str = "weights") -> None:
    """Put back what `read` returned."""
    if what == "weights":
        model.set_weights(values)
        return
    for variable, value in zip(_variables(model), values, strict=True):
        variable.assign(value)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


class Snapshots:
    """The variables of the best epoch and, with `count` above 1, of the validations around it.

    Kept are the `count - 1` validations before and after the best one and the last `count - 1`, any
    of which may yet be beside a new best one: `3 count - 2` copies at most.

    Args:
        count: Whole number >= 1: validations whose mean may be restored.
        what: `"weights"` or `"all"`.
        directory: Where to keep them, or `None` for memory. On disk the files of the state before
            are kept as well, so that a run killed between a file and the state that names it finds
            both.
    """

    def __init__(
        self, count: int = 1, what: str = "weights", directory: files.AnyPath | None = None
    ) -> None:
        self.count = check.integer("average", count, low=1)
        self.what = check.choice("restore", what, WHAT)
        self.directory = None if directory is None else Path(directory)
        self.clear()

    def clear(self) -> None:
        self.best: int | None = None
        self.numbers: dict[int, int] = {}  # kept epoch -> which validation it was
        self.seen = 0
        self.values: dict[int, list[np.ndarray]] = {}

    def see(self, epoch: int, model: keras.Model, improved: bool) -> None:
        """A validated epoch: keep the model as it is now, where it may be wanted."""
        self.seen += 1
        if improved:
            self.best = epoch
        elif self.count == 1:
            return
        values, before = after(model, epoch, self.what), set(self.numbers)
        self.numbers[epoch] = self.seen
        self.numbers = {e: n for e, n in self.numbers.items() if self._wanted(e)}
        if self.directory is None:
            self.values = {e: v for e, v in self.values.items() if e in self.numbers}
            self.values[epoch] = values
        else:
            self._save(self.directory, epoch, values, before)

    def _wanted(self, epoch: int) -> bool:
        number = self.numbers[epoch]
        at = self.numbers.get(self.best) if self.best is not None else None
        beside = at is not None and abs(number - at) < self.count
        return beside or self.seen - number < self.count - 1

    def load(self, epoch: int) -> list[np.ndarray]:
        """The variables of a kept epoch."""
        if self.directory is None:
            return self.values[epoch]
        path = self.directory / NAME.format(epoch)
        return _unversioned(path) or _values(archive.read(path))

    def windows(self) -> list[list[int]]:
        """Consecutive validations with the best one: up to it, around it, and from it on.

        Each has `count` of them, or as many as there are.
        """
        if self.best is None or self.count == 1:
            return []
        at, last = self.numbers[self.best], self.count - 1
        starts = (at - last, at - last // 2, at)
        spans = [[e for e, n in self.numbers.items() if s <= n <= s + last] for s in starts]
        return [span for i, span in enumerate(spans) if len(span) > 1 and span not in spans[:i]]

    def get_state(self) -> dict[str, Any]:
        values = {str(e): {str(i): a for i, a in enumerate(v)} for e, v in self.values.items()}
        known = {"numbers": list(self.numbers.values()), "best": self.best, "seen": self.seen}
        return {"epochs": list(self.numbers), **known, "values": values}

    def set_state(self, state: Mapping[str, Any]) -> None:
        epochs = [int(epoch) for epoch in state["epochs"]]
        # 0.1 kept the best epochs alone, the best one last
        numbers = state.get("numbers", range(1, len(epochs) + 1))
        self.numbers = dict(zip(epochs, map(int, numbers), strict=True))
        best = state.get("best", epochs[-1] if epochs else None)
        self.best = None if best is None else int(best)
        self.seen = int(state.get("seen", len(epochs)))
        self.values = {
            int(epoch): [np.asarray(values[str(i)]) for i in range(len(values))]
            for epoch, values in state["values"].items()
        }

    def _save(
        self, directory: Path, epoch: int, values: list[np.ndarray], before: set[int]
    ) -> None:
        files.sweep(directory)
        archive.save(directory / NAME.format(epoch), {"values": values})
        named = {NAME.format(e) for e in before | set(self.numbers)}
        for old in directory.glob("best-*.npz"):
            if old.name not in named:
                old.unlink()


def _unversioned(path: Path) -> list[np.ndarray]:
    """What version 0.1.0 wrote, one member `v<i>` a variable; empty for a file of today."""
    if archive.HEADER in npz.names(path):
        return []
    members = npz.arrays(path)
    return [members[f"v{i}"] for i in range(len(members))]


def _values(state: archive.State) -> list[np.ndarray]:
    conform(state.get("values"), list[np.ndarray], "values")
    found: list[np.ndarray] = state["values"]
    return found
