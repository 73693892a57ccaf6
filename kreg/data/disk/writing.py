"""A table of files becomes records in one file, in one pass, some rows in memory at a time."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from kreg import files
from kreg.data.cells import ISO, read
from kreg.data.column_types import best_reading
from kreg.data.disk import hashing
from kreg.data.disk.answers import Answers
from kreg.data.disk.form import CellError, TableForm
from kreg.data.disk.shards import Shards
from kreg.data.disk.understanding import understand
from kreg.data.disk.wish import Wish
from kreg.data.own_splits import ROLES, TEST, TRAIN, VALIDATION
from kreg.data.preprocessing import texts
from kreg.foreign.record_file import BLOCK, SUMS

if TYPE_CHECKING:
    import pandas as pd

ROWS = 2**15  # of a block
ROLE_NAMES = (TRAIN, VALIDATION, TEST)


class Writer:
    """Writes the rows of files one after the other.

    Args:
        file: Open for writing bytes.
        form: How features are stored.
        wish: What the user has said.
    """

    def __init__(self, file: BinaryIO, form: TableForm, wish: Wish) -> None:
        self.file, self.form, self.wish = file, form, wish
        self.answers, self.smallest = Answers(wish), hashing.Smallest()
        self.sums: list[int] = []
        self.sum, self.rows, self.gaps = 0, 0, 0
        self.columns: dict[str, list[NDArray[Any]]] = {"group": [], "time": [], "role": []}
        self.notation: str | None = None

    def add(self, frame: "pd.DataFrame", own_test: bool) -> None:
        """The rows of a block.

        Raises:
            CellError: If a cell does not fit.
        """
        wish = self.wish
        records = self.form.encode(frame)
        self.smallest.add(self.rows, hashing.of_rows(records))
        self.answers.add(frame[list(wish.target)])
        if wish.group is not None:
            self.gaps += int(frame[wish.group].isna().sum())
            found = hashing.of_texts(texts(frame[wish.group])) >> np.uint64(32)
            self.columns["group"].append(found.astype(np.uint32))
        if wish.time is not None:
            self.columns["time"].append(self._times(frame[wish.time]))
        self.columns["role"].append(_roles(frame, wish.split, own_test))
        self._write(records)

    def _write(self, records: NDArray[Any]) -> None:
        self.file.write(records.view(np.uint8).data)
        while len(records):
            part = records[: BLOCK - self.rows % BLOCK]
            self.sum = zlib.crc32(part.view(np.uint8).data, self.sum)
            self.rows += len(part)
            records = records[len(part) :]
            if self.rows % BLOCK == 0:
                self._end_block()

    def _end_block(self) -> None:
        self.sums.append(self.sum)
        self.sum = 0

    def _times(self, series: "pd.Series[Any]") -> NDArray[np.float64]:
        if series.dtype.kind in "iuf":
            values = series.to_numpy(np.float64)
        else:
            if self.notation is None:
                known = self.wish.types.get(str(series.name))
                reading = None if series.isna().all() else best_reading(series, known)
                self.notation = ISO if reading is None else reading.notation
            values = read(series, self.notation)
        for row in np.flatnonzero(np.isnan(values)):
            raise CellError(
                f"data.time: column {series.name!r}, row {{row}}: {series.iloc[row]!r} is neither "
                "a number nor a date like those before it",
                int(row),
            )
        return values

    def finish(self, facts: dict[str, Any], untyped: bool, comma: bool) -> None:
        """Write what belongs to the records behind them."""
        if self.rows % BLOCK:
            self._end_block()
        truth = self.answers.truth(untyped, comma)
        facts |= {
            "rows": self.rows,
            "task": truth.task,
            "class_names": truth.class_names,
            "target_names": truth.target_names,
            "levels": {name: list(known) for name, known in self.form.levels.items()},
        }
        facts["sentences"] += truth.sentences + self._ungrouped()
        arrays: dict[str, Any] = {
            name: np.concatenate(found) for name, found in self.columns.items() if found
        }
        arrays |= {"y": truth.y, "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8)}
        arrays |= {"sample": self.smallest.rows, "hashes": self.smallest.hashes}
        np.savez(self.file, **(arrays | {SUMS: np.array(self.sums, np.uint32)}))

    def _ungrouped(self) -> list[str]:
        if not self.gaps:
            return []
        return [f"{self.gaps} rows have no value in {self.wish.group!r}; they stay together."]


def write(path: Path, shards: Shards, tests: Shards | None, wish: Wish, name: str) -> None:
    """Write all rows to `path`, which appears whole or not at all.

    Args:
        path: The file.
        shards: The table.
        tests: Its own test rows, or `None`.
        wish: What the user has said.
        name: What the table is called.

    Raises:
        OSError: If the disk is full, or may not be written.
        ValueError: For a cell, a file or a column that cannot be read: which one.
    """
    found = understand(shards, wish, name)
    told: list[str] = list(found.sentences)
    counts: dict[str, int] = {}
    with files.replacing(path) as temporary, open(temporary, "wb") as file:
        writer = Writer(file, found.form, wish)
        for source, shard in _files(shards, tests):
            counts[str(shard)] = _one(writer, source, shard, source is tests)
            told += [f"{shard.name} has no rows."] * (not counts[str(shard)])
        facts = {
            "sentences": told, "counts": counts, "kinds": found.kinds, "names": found.form.names,
            "short": found.form.short.tolist(), "notations": found.form.notations,
            "loose": sorted(found.form.loose),
        }  # fmt: skip
        writer.finish(facts, shards.untyped, shards.comma)


def _files(*sources: Shards | None) -> Iterator[tuple[Shards, Path]]:
    return ((source, file) for source in sources if source is not None for file in source.files)


def _one(writer: Writer, shards: Shards, file: Path, own_test: bool) -> int:
    """The rows of one file; how many there are."""
    first = done = writer.rows
    for frame in _blocks(shards, file, writer.form, writer.wish):
        try:
            writer.add(frame, own_test)
        except CellError as error:
            raise ValueError(f"{file}: {error.after(done - first)}.") from error
        done += len(frame)
    return done - first


def _blocks(shards: Shards, file: Path, form: TableForm, wish: Wish) -> "Iterator[pd.DataFrame]":
    words = {name for name, kind in wish.types.items() if kind == "category"}
    wanted = [c for c in shards.columns if c in words or c in form.levels or c in form.notations]
    yield from shards.blocks(file, ROWS, wanted)


def _roles(frame: "pd.DataFrame", split: str | None, own_test: bool) -> NDArray[np.uint8]:
    """The place of each row's split in `ROLE_NAMES`."""
    if own_test or split is None:
        return np.full(len(frame), ROLE_NAMES.index(TEST if own_test else TRAIN), np.uint8)
    words = [word.strip().casefold() for word in texts(frame[split])]
    for row, word in enumerate(words):
        if word not in ROLES:
            raise CellError(
                f"data.split: column {split!r}, row {{row}}: {word!r} is none of "
                f"{', '.join(ROLES)}",
                row,
            )
    return np.array([ROLE_NAMES.index(ROLES[word]) for word in words], np.uint8)
