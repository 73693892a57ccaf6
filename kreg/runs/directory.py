"""A run directory: its name, its files, its lock."""

import datetime
import os
import secrets
from pathlib import Path
from typing import Any

from kreg import files
from kreg.files import AnyPath
from kreg.foreign import json_text
from kreg.runs.lock import Lock
from kreg.runs.ownership import CONFIG, LOCK, RESULT, refuse_foreign
from kreg.runs.recorded_units import in_own_units
from kreg.runs.schema import Configuration, Result
from kreg.runs.state import StateFile

DONE = "done"
FAILED = "failed"
KINDS: dict[str, Any] = {CONFIG: Configuration, RESULT: Result}


class RunDirectory:
    """`logs/<task>/runs/<date_time>_<4 hex>/` and what lies in it.

    Args:
        path: The directory; it need not exist yet.
    """

    def __init__(self, path: AnyPath) -> None:
        self.path = Path(path).absolute()
        self.lock = Lock(self.path / LOCK)
        self.state = StateFile(self.path / "state")

    @classmethod
    def create(cls, parent: AnyPath) -> "RunDirectory":
        """A new directory below `parent` that no other process can have got, also this second."""
        parent = Path(parent)
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            path = parent / new_name()
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return cls(path)

    def open(self) -> "RunDirectory":
        """Create the directory where it is missing, try to write into it, and lock it.

        Raises:
            OSError: With one sentence, if the path is a file or may not be written.
            ForeignError: If there are files in it that are not kreg's, or a link.
            InUseError: If another process holds it.
        """
        refuse_foreign(self.path)
        self.probe()
        self.lock.acquire()
        self.opened = os.stat(self.path)
        files.sweep(self.path)
        files.sweep(self.state.folder)
        return self

    def probe(self) -> None:
        """Write and remove one file, so that a read-only disk is noticed before training."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe = self.path / f".probe_{os.getpid()}{files.TEMPORARY}"
            probe.write_bytes(b"kreg")
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise OSError(error.errno, f"cannot write into {self.path}: {reason}") from error

    def refuse_gone(self) -> None:
        """Notice that the directory was removed or renamed since it was opened.

        Raises:
            OSError: With one sentence; nothing has been written where it was.
        """
        if not (self.path.is_dir() and os.path.samestat(self.opened, os.stat(self.path))):
            raise OSError(
                f"{self.path} was removed or renamed during the training, and is not made again. "
                "If it was renamed, resume=<its new path> goes on there."
            )

    def close(self) -> None:
        self.lock.release()

    def __enter__(self) -> "RunDirectory":
        return self.open()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def file(self, name: str) -> Path:
        """The path of one of the run's files: `best.keras`, `history.csv`, `report.html`, ..."""
        return self.path / name

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    def read_json(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the run, or `None` where it is missing or damaged."""
        return json_text.read_object(self.path / name, KINDS.get(name, dict[str, Any]))

    def write_json(self, name: str, value: object) -> None:
        files.write_json(self.path / name, value)

    @property
    def result(self) -> dict[str, Any] | None:
        """What came out, in the units of this version; `None` before the end."""
        found = self.read_json(RESULT)
        return None if found is None else in_own_units(found, self.path)

    def reopen(self) -> None:
        """Take the result away: a run that goes on has none until it ends again."""
        self.file(RESULT).unlink(missing_ok=True)

    @property
    def status(self) -> str:
        """`"done"`, `"failed"`, another word of `result.json`, or `"unfinished"` without one."""
        return str((self.result or {}).get("status", "unfinished"))

    @property
    def finished(self) -> bool:
        return self.status == DONE


def new_name(now: datetime.datetime | None = None) -> str:
    """`2026-09-01_12-30-59_a1b2`: sorted by time, unique by four random hex digits."""
    now = now or datetime.datetime.now()
    return f"{now:%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(2)}"
