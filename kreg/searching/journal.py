"""What a search has trained, kept in a folder: the same search goes on with what is missing."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

import keras
import numpy as np

from kreg import check, files
from kreg.foreign import json_text
from kreg.foreign.content import MEBI, DamagedError, text
from kreg.runs.lock import Lock

JOURNAL, PAGE, LOCK = "search.jsonl", "search.html", "search.lock"
MOST = 256 * MEBI  # bytes: some hundred thousand trainings

Row = dict[str, Any]


class Line(TypedDict):
    """A training: what it is of, and its row of the table."""

    of: str
    row: dict[str, str | float | None]


class Journal:
    """The finished trainings of a folder, by what they are of; without a folder none is kept.

    Args:
        folder: Where the journal lies, or `None`.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.known: dict[str, Row] = {}

    @contextmanager
    def opened(self) -> Iterator["Journal"]:
        """Read what is there; one process at a time searches in a folder.

        Raises:
            ValueError: If something else lies in the folder, or the journal is damaged.
            OSError: If another process searches in it.
        """
        if self.folder is None:
            yield self
            return
        refuse_others(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.folder / LOCK).acquire()
        try:
            files.sweep(self.folder)
            self.known = read(self.folder / JOURNAL)
            yield self
        finally:
            lock.release()

    def add(self, of: str, row: Row) -> None:
        """Keep a training; it is on the disk when this returns."""
        if self.folder is None:
            return
        self.known[of] = row
        line = json.dumps({"of": of, "row": row}, default=float) + "\n"
        descriptor = files.open_regular(self.folder / JOURNAL, files.APPEND)
        with open(descriptor, "a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def refuse_others(folder: Path) -> None:
    """Leave a folder alone in which something else lies than a search."""
    if not os.path.lexists(folder):
        return
    names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else {folder.name}
    if names - {LOCK} and JOURNAL not in names:
        expected = f"a new or empty folder, or one of an earlier search (with {JOURNAL} in it)"
        raise check.invalid("directory", expected, str(folder), "Nothing in it was changed.")


def read(path: Path) -> dict[str, Row]:
    """The trainings that were written to their end; a kill may have cut the last line, which goes.

    Raises:
        ValueError: If the journal is damaged.
    """
    if not os.path.lexists(path):
        return {}
    try:
        content = text(path, MOST, follow=False)
        whole = content[: content.rfind("\n") + 1]
        lines: list[Line] = [
            json_text.parse(line, Line, f"line {place} of it")
            for place, line in enumerate(whole.splitlines(), 1)
        ]
    except DamagedError as error:
        raise ValueError(
            f"{path} cannot be used: {error}. Put a good copy there, or search in another folder."
        ) from error
    if whole != content:
        files.write(path, whole)
    return {line["of"]: dict(line["row"]) for line in lines}


def digest(*parts: object) -> str:
    """A name for arrays, or nests of them, and whatever `repr` tells apart."""
    found = hashlib.sha256()
    for leaf in keras.tree.flatten(parts):
        if isinstance(leaf, np.ndarray):
            found.update(f"{leaf.dtype} {leaf.shape}".encode())
            found.update(np.ascontiguousarray(leaf).tobytes())
        else:
            found.update(leaf if isinstance(leaf, bytes) else repr(leaf).encode())
        found.update(b"\0")
    return found.hexdigest()
