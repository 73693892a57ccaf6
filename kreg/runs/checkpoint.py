"""A run's state with what surrounds it: the logs' lengths, the data's fingerprint.

A killed epoch has written events and rows that the resumed run writes again. So each state notes
how long every log was, and a resumed run cuts the logs back to that length: no gap, no double step.
Writers must flush at the end of an epoch, before the state is written. A state from within an epoch
notes how long they were when that epoch began, because its beginning is told again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kreg import files
from kreg.archive import State
from kreg.files import AnyPath
from kreg.runs.directory import RunDirectory
from kreg.runs.resume import ResumeError
from kreg.runs.state import position

TENSORBOARD, HISTORY = "tensorboard", "history.csv"
EVENTS = "events.out.tfevents.*.kreg"  # what kreg itself writes there; the rest is the user's


class Checkpoint:
    """The store of `kreg.callbacks.Saver` for one run directory that this process holds.

    Args:
        run: An open `RunDirectory`.
        facts: Plain values that must not have changed when a run goes on: the fingerprint of the
            data, versions, the device. They are saved with each state.
        warn: Called with a sentence about each damaged file, and each changed fact that is
            tolerated.
        force: Whether changed facts are only warned about.

    Raises:
        ResumeError: From the first access, if a fact has changed.
        ValueError: From the first access, if no state can be read although there are some.
    """

    def __init__(
        self,
        run: RunDirectory,
        facts: dict[str, Any] | None = None,
        *,
        warn: Callable[[str], object] = print,
        force: bool = False,
    ) -> None:
        self.run = run
        self.facts = facts or {}
        self.warn = warn
        self.force = force
        self._state: State | None = None
        self._logs: dict[str, int] = {}  # their lengths when the last epoch had ended
        self._opened = False

    def read(self) -> State | None:
        """The newest readable state; the logs are cut back to where they were then."""
        if not self._opened:
            self._state = self.run.state.read(self.warn)
            self._check_facts()
            self._rewind()
            self._opened = True
        return self._state

    def _rewind(self) -> None:
        """What a killed epoch has written is written again; what is damaged is not kept."""
        self._logs = dict(self._state["logs"]) if self._state else {}
        rewind(self.run.path, self._logs)
        self.run.state.discard_after(*position(self._state or {"epoch": 0}))

    def write(self, state: State) -> None:
        """Save a state together with the logs' lengths and the facts."""
        if not state.get("batch"):
            self.epoch_ended()
        self.run.state.write({**state, "logs": self._logs, "facts": self.facts})

    def epoch_ended(self) -> None:
        """The logs have been written; told of every epoch where states are written within one."""
        self._logs = lengths(self.run.path)

    @property
    def epoch(self) -> int:
        """Complete epochs: the `initial_epoch` of `fit`."""
        return int((self.read() or {}).get("epoch", 0))

    @property
    def batch(self) -> int:
        """Batches of the epoch after these that are trained already; mostly 0."""
        return int((self.read() or {}).get("batch", 0))

    @property
    def stopped(self) -> bool:
        """Whether a stopping rule had already ended training: then there is no epoch left."""
        return bool((self.read() or {}).get("stopped", False))

    def _check_facts(self) -> None:
        saved = (self._state or {}).get("facts", {})
        changed = [
            f"{name} was {saved[name]!r} and is {value!r}"
            for name, value in self.facts.items()
            if name in saved and saved[name] != value
        ]
        if not changed:
            return
        sentence = f"Since {self.run.path} was interrupted, {', '.join(changed)}."
        if not self.force:
            raise ResumeError(f"{sentence} Start anew with resume=never, or use resume=force.")
        self.warn(sentence)


def lengths(folder: AnyPath) -> dict[str, int]:
    """`{relative path: bytes}` of the logs below a run directory."""
    folder = Path(folder)
    found = [folder / HISTORY]
    if files.is_folder(folder / TENSORBOARD):
        found += sorted((folder / TENSORBOARD).glob(EVENTS))
    return {str(p.relative_to(folder)): p.lstat().st_size for p in found if files.is_regular(p)}


def rewind(folder: AnyPath, saved: dict[str, int]) -> None:
    """Cut every log back to its saved length; a log that the state does not know is removed."""
    folder = Path(folder)
    for name, size in lengths(folder).items():
        path = folder / name
        if name not in saved:
            path.unlink()
        elif size > saved[name]:
            files.truncate(path, saved[name])
