"""The file of a table on the disk: found again, or written now; and what is in it."""

import hashlib
import os
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from kreg.data import caches
from kreg.data.disk import writing
from kreg.data.disk.form import TableForm
from kreg.data.disk.shards import Shards
from kreg.data.disk.wish import Wish
from kreg.foreign import json_text, memory, npz
from kreg.foreign.content import DamagedError
from kreg.foreign.record_file import SUMS, RecordFile

VERSION = 1
ENDING = ".rows"


class Facts(TypedDict):
    """What `writing.write` leaves beside the arrays."""

    rows: int
    counts: dict[str, int]
    task: str
    class_names: list[str]
    target_names: list[str]
    kinds: dict[str, str]
    names: list[str]
    short: list[bool]
    notations: dict[str, str]
    loose: list[str]
    levels: dict[str, list[str]]
    sentences: list[str]


Arrays = dict[str, NDArray[Any]]


class Kept:
    """The records of a table, and what is known of all of it; a `kreg.data.disk.rows.Store`.

    Args:
        path: A file that `writing.write` has written.
        arrays: Those behind its records.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is none of these.
    """

    def __init__(self, path: Path, arrays: Arrays) -> None:
        self.path = path
        self.facts: Facts = json_text.parse(bytes(arrays["facts"]), Facts, str(path))
        self.sample, self.hashes = arrays["sample"], arrays["hashes"]
        self.form = TableForm(
            names=self.facts["names"],
            short=np.array(self.facts["short"], bool),
            notations=self.facts["notations"],
            loose=set(self.facts["loose"]),
            kinds=self.facts["kinds"],
            levels={
                name: {level: place for place, level in enumerate(levels)}
                for name, levels in self.facts["levels"].items()
            },
        )
        self.records = RecordFile(path, self.form.stored, self.facts["rows"], arrays[SUMS])

    def __len__(self) -> int:
        return len(self.records)

    @property
    def row_bytes(self) -> int:
        return self.records.dtype.itemsize

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self.records.read(rows)

    def signature(self) -> bytes:
        return bytes(self.records.sums.tobytes())

    def sampled(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        return self.sample, self.hashes


def opened(path: Path) -> tuple[Kept, Arrays]:
    """The records of a file, and its arrays: those with a number a row are the caller's alone.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no such file.
    """
    arrays = npz.arrays(path, stored=True)
    if lacking := {"facts", "y", "role", "sample", "hashes", SUMS} - arrays.keys():
        raise DamagedError(f"{path} lacks {', '.join(sorted(lacking))}")
    return Kept(path, arrays), arrays


def kept(
    shards: Shards, tests: Shards | None, wish: Wish, name: str, limit: int, reading: str
) -> tuple[Kept, Arrays]:
    """The records that an earlier run has written, or those that are written now; as `opened`.

    Args:
        shards: The table.
        tests: Its own test rows, or `None`.
        wish: What the user has said.
        name: What the table is called.
        limit: Bytes that the folder of all such files may hold; what was used longest ago goes.
        reading: How the files are read, as far as `wish` does not say it.

    Raises:
        ValueError: For what is wrong with the table, or if the disk has no room.
    """
    folder = caches.folder() / "tables"
    all_files = [*shards.files, *(tests.files if tests is not None else [])]
    path = folder / (key(all_files, wish, reading) + ENDING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with caches.alone(path, "writes the same rows"):
            known = _find(path)
            if known is not None:
                return known
            size = shards.stored_size() + (tests.stored_size() if tests is not None else 0)
            _refuse_beyond(size, limit)
            caches.make_room(path, size, limit)
            caches.refuse_full(folder, size)
            writing.write(path, shards, tests, wish, name)
            return opened(path)
    except OSError as error:
        raise ValueError(
            f"{name}: the rows are to be kept in {folder}, but {error}. Make room there, choose "
            "another folder with the environment variable XDG_CACHE_HOME, or say "
            "data.cache=memory if the rows fit into memory."
        ) from error


def _refuse_beyond(size: int, limit: int) -> None:
    if size > limit:
        raise OSError(
            f"they take about {memory.told(size)}, and data.cache_limit is {memory.told(limit)}"
        )


def _find(path: Path) -> tuple[Kept, Arrays] | None:
    try:
        found = opened(path)
        os.utime(path)
    except (OSError, DamagedError):
        return None
    return found


def key(found: list[Path], wish: Wish, reading: str) -> str:
    """Another one where a file, or how it is read, is another."""
    stats = [(str(file.resolve()), file.stat()) for file in found]
    facts = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    told = repr((VERSION, facts, wish.of_the_file, reading))
    return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:32]
