"""The best epochs' variables, in memory or on disk."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import archive, check, files
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
    """The variables of the `count` best epochs.

    Args:
        count: Whole number >= 1.
        what: `"weights"` or `"all"`.
        directory: Where to keep them, or `None` for memory. On disk one older file is kept as well,
            so that a run killed between the file and the state that names it finds both.
    """

    def __init__(
        self, count: int = 1, what: str = "weights", directory: files.AnyPath | None = None
    ) -> None:
        self.count = check.integer("average", count, low=1)
        self.what = check.choice("restore", what, WHAT)
        self.directory = None if directory is None else Path(directory)
        self.clear()

    def clear(self) -> None:
        self.epochs: list[int] = []  # from the worst kept to the best
        self.values: dict[int, list[np.ndarray]] = {}

    def take(self, epoch: int, model: keras.Model) -> None:
        """Keep the model as it is now, as the best so far."""
        values = read(model, self.what)
        self.epochs = [*(e for e in self.epochs if e != epoch), epoch][-self.count :]
        if self.directory is None:
            self.values = {e: v for e, v in self.values.items() if e in self.epochs}
            self.values[epoch] = values
        else:
            self._save(self.directory, epoch, values)

    def load(self, epoch: int) -> list[np.ndarray]:
        """The variables of a kept epoch."""
        if self.directory is None:
            return self.values[epoch]
        path = self.directory / NAME.format(epoch)
        return _unversioned(path) or _values(archive.read(path))

    def average(self) -> list[np.ndarray]:
        """The mean over the kept epochs; whole-number variables are those of the best epoch."""
        kept = [self.load(epoch) for epoch in self.epochs]
        return [_mean(values) for values in zip(*kept, strict=True)]

    def restore(
        self,
        model: keras.Model,
        score: Callable[[], float | None] | None = None,
        best: float | None = None,
    ) -> str:
        """Put the best variables back, or the mean of all kept epochs; says which.

        Args:
            model: The model.
            score: Function that measures the model's clean validation loss, or returns `None`; the
                mean is only taken where it measures no worse than `best`.
            best: The best epoch's loss.
        """
        if self.count > 1 and len(self.epochs) > 1:
            write(model, self.average(), self.what)
            measured = None if score is None else score()
            if measured is None or best is None or measured <= best:
                return f"Restored the mean of epochs {', '.join(str(e + 1) for e in self.epochs)}."
        write(model, self.load(self.epochs[-1]), self.what)
        return f"Restored epoch {self.epochs[-1] + 1}."

    def get_state(self) -> dict[str, Any]:
        values = {str(e): {str(i): a for i, a in enumerate(v)} for e, v in self.values.items()}
        return {"epochs": list(self.epochs), "values": values}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.epochs = [int(epoch) for epoch in state["epochs"]]
        self.values = {
            int(epoch): [np.asarray(values[str(i)]) for i in range(len(values))]
            for epoch, values in state["values"].items()
        }

    def _save(self, directory: Path, epoch: int, values: list[np.ndarray]) -> None:
        files.sweep(directory)
        archive.save(directory / NAME.format(epoch), {"values": values})
        for old in sorted(directory.glob("best-*.npz"))[: -self.count - 1]:
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


def _mean(values: Sequence[np.ndarray]) -> np.ndarray:
    if not np.issubdtype(values[-1].dtype, np.floating):
        return values[-1]
    mean = np.asarray(np.mean(np.stack(values), axis=0, dtype=np.float64))
    return mean.astype(values[-1].dtype)
