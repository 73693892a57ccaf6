"""The resumable state of a run: one file an epoch, or several within a long one; two are kept."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kreg import archive, files
from kreg.archive import State
from kreg.files import AnyPath
from kreg.foreign.schema import conform
from kreg.runs import schema

KEPT = 2
NAME = re.compile(r"epoch_(\d{6})(?:_batch_(\d{9}))?\.npz")
Position = tuple[int, int]  # epochs that are complete, and batches of the next one


class StateFile:
    """`write(state)` and `read()` of what a run needs to go on, in `folder`.

    A state is a nested dict of JSON values and arrays with a whole number under `"epoch"`: the
    epochs that are complete. One from within an epoch has the batches that are trained under
    `"batch"`. What is below `"variables"` must be finite. Writing replaces nothing
    until the new file is complete on disk, and the generation before it stays.
    """

    def __init__(self, folder: AnyPath) -> None:
        self.folder = Path(folder)

    def write(self, state: State) -> Path:
        """Save a state; on an error the states on disk are what they were before.

        Raises:
            FloatingPointError: If a variable is not finite.
            OSError: With the path, if the disk is full or may not be written.
        """
        refuse_non_finite(state.get("variables", {}))
        self.folder.mkdir(exist_ok=True)  # a run directory that has gone is not made again
        files.sweep(self.folder)
        within = f"_batch_{state['batch']:09d}" if state.get("batch") else ""
        path = self.folder / f"epoch_{state['epoch']:06d}{within}.npz"
        archive.save(path, state)
        for old in self.generations()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def generations(self) -> list[Path]:
        """The state files, newest first; a clock or an mtime plays no part."""
        if not files.is_folder(self.folder):
            return []
        found = {position_of(path): path for path in self.folder.iterdir()}
        return [found[known] for known in sorted(filter(None, found), reverse=True)]

    def read(self, warn: Callable[[str], object] = lambda sentence: None) -> State | None:
        """The newest readable state, or `None` where no epoch has been completed yet.

        Args:
            warn: Called with a sentence for each damaged file that is passed over.

        Raises:
            ValueError: If there are state files and none can be read.
        """
        paths = self.generations()
        for path in paths:
            try:
                state = archive.read(path)
                self._check(path, state)
                return state
            except archive.DamagedError as error:
                warn(f"The state file {path} cannot be used: {error}.")
        if paths:
            raise ValueError(
                f"No state in {self.folder} can be read: {len(paths)} damaged. "
                "Start over with resume=never, or put a good copy there."
            )
        return None

    def discard_after(self, epoch: int, batch: int = 0) -> None:
        """Remove damaged newer generations, so that they never outrank what is written next."""
        for path in self.generations():
            if (position_of(path) or (0, 0)) > (epoch, batch):
                path.unlink(missing_ok=True)

    @staticmethod
    def _check(path: Path, state: State) -> None:
        conform(state, schema.State, "it")
        if any(length < 0 for length in state.get("logs", {}).values()):
            raise archive.DamagedError("a log in it has a negative length")
        if "epoch" not in state or position(state) != position_of(path):
            raise archive.DamagedError(f"it holds epoch {state.get('epoch')}")


def position(state: State) -> Position:
    """Where a training stood: epochs that are complete, and batches of the next one."""
    return int(state["epoch"]), int(state.get("batch", 0))


def position_of(path: Path) -> Position | None:
    """What a state file's name says of it, `None` for another file."""
    found = NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2] or 0)) if found else None


def refuse_non_finite(variables: object, where: str = "") -> None:
    """Raise a `FloatingPointError` that names the first array with a NaN or an infinity."""
    if isinstance(variables, dict):
        for name, value in variables.items():
            refuse_non_finite(value, f"{where}/{name}" if where else str(name))
        return
    if isinstance(variables, list | tuple):
        for number, value in enumerate(variables):
            refuse_non_finite(value, f"{where}[{number}]")
        return
    array = np.asarray(variables)
    if array.dtype.kind in "fcV" and not np.isfinite(array.astype(np.float64)).all():
        raise FloatingPointError(f"{where} is not finite, so the state is not saved.")
