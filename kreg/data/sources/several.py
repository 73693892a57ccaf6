"""One table in several files: below each other in memory, or left on the disk where it is large."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kreg import check
from kreg.data import paths
from kreg.data.dataset import Raw
from kreg.data.disk.shards import CELL, Shards, names_of
from kreg.data.disk.table import from_shards
from kreg.data.disk.wish import Wish
from kreg.data.table import from_frame

if TYPE_CHECKING:
    import pandas as pd

AUTO, MEMORY, DISK = CACHES = ("auto", "memory", "disk")
GIB = 2**30
LARGE = 2 * GIB  # of cells: `auto` leaves a larger table on the disk, on every machine


class Kind(Protocol):
    """Files of one kind that hold tables.

    Args:
        endings: Of those in a folder that are such files.
        compact: Whether a few bytes of a file may be very many cells.
        key: How they are read, as far as the options of `read` do not say it.
    """

    @property
    def endings(self) -> tuple[str, ...]: ...

    @property
    def compact(self) -> bool: ...

    @property
    def key(self) -> object: ...

    def shards(self, files: list[Path], without: set[str]) -> Shards:
        """What reads them some rows at a time, but for columns that nobody reads."""

    def whole(self, file: Path) -> "tuple[pd.DataFrame, list[str]]":
        """All rows of one of them, and what is to be said."""

    def cells(self, file: Path) -> dict[str, Any]:
        """`untyped` and `comma` of `from_frame`."""


def read(
    kind: Kind,
    path: str,
    target: Sequence[str],
    *,
    test_path: str | None = None,
    cache: str = AUTO,
    cache_limit: float = 100.0,
    split_by_file: bool = False,
    **options: Any,
) -> Raw:
    """The rows of one table, in one file or in several with the same columns.

    Args:
        kind: What the files are.
        path: The file, a folder of such files, or a pattern of their names.
        target: The target columns.
        test_path: The same of test rows, or `None`.
        cache: Where the rows are kept: `"memory"`, `"disk"`, or `"auto"`: on the disk where they
            are large.
        cache_limit: GiB of tables that are kept on the disk at most.
        split_by_file: Whether whole files stay in one split.
        **options: See `from_frame`.
    """
    check.choice("data.cache", cache, CACHES)
    files = paths.tables("data.path", path, kind.endings)
    tests = None
    if test_path is not None:
        tests = paths.tables("data.test_path", test_path, kind.endings)
    if split_by_file:
        _refuse_rows_apart(options)
    several = Tables(kind, files, tests, names_of(files, path), list(target), options)
    raw = several.on_disk(cache, round(cache_limit * GIB), split_by_file)
    return several.in_memory(split_by_file) if raw is None else raw


def unread(options: Mapping[str, Any]) -> set[str]:
    """Columns of which nobody reads the cells."""
    dropped = {column for column, kind in options.get("types", {}).items() if kind == "drop"}
    return dropped | set(options.get("drop", ()))


def names(target: str | Sequence[str]) -> list[str]:
    """The target columns, whether one was said or several."""
    return [target] if isinstance(target, str) else list(target)


@dataclasses.dataclass
class Tables:
    """The files of a table and of its test rows.

    Args:
        kind: What the files are.
        files: With the same columns.
        tests: The files of the test rows, or `None`.
        name: What the table is called.
        target: The target columns.
        options: Of `from_frame`.
    """

    kind: Kind
    files: list[Path]
    tests: list[Path] | None
    name: str
    target: list[str]
    options: dict[str, Any]

    def on_disk(self, cache: str, limit: int, by_file: bool) -> Raw | None:
        """The rows as they stay on the disk; `None` where they go into memory.

        Args:
            cache: One of `CACHES`.
            limit: Bytes that may be kept on the disk.
            by_file: Whether whole files stay in one split.
        """
        if cache == MEMORY and len(self.files) == 1 or cache == AUTO and not self._may_be_large():
            return None
        without = unread(self.options)
        shards = self.kind.shards(self.files, without)  # refuses files that do not belong together
        if cache == MEMORY or (cache == AUTO and shards.size() <= LARGE):
            return None
        wish = Wish(self.target, split_by_file=by_file, **self.options)
        tests = None if self.tests is None else self.kind.shards(self.tests, without)
        return from_shards(
            shards, wish, name=self.name, tests=tests, limit=limit, reading=repr(self.kind.key)
        )

    def _may_be_large(self) -> bool:
        """Without a look into one file: a cell of a text has two bytes at least."""
        size = sum(file.stat().st_size for file in self.files)
        return len(self.files) > 1 or self.kind.compact or size // 2 * CELL > LARGE

    def in_memory(self, by_file: bool) -> Raw:
        """All rows below each other."""
        wanted = self.target if self.options.get("label_separator") is None else []
        frame, files, told = self._joined(self.files, wanted)
        test = None
        if self.tests is not None:
            test, _, more = self._joined(self.tests, wanted)
            told += more
        cells = self.kind.cells(self.files[0])
        raw = from_frame(frame, self.target, name=self.name, test=test, **cells, **self.options)
        raw.warnings[:0] = told
        if by_file:
            raw.group = files
        return raw

    def _joined(
        self, files: Sequence[Path], target: Sequence[str]
    ) -> "tuple[pd.DataFrame, Any, list[str]]":
        """All rows below each other, the number of each one's file, and what is to be said.

        Each row of `target` must have a value.
        """
        import pandas as pd

        found = [self.kind.whole(file) for file in files]
        for file, (rows, _) in zip(files, found, strict=True):
            _refuse_gaps(file, rows, target)
        told = [f"{self.name}: {f.name} has no rows." for f, (rows, _) in zip(files, found)
                if not len(rows) and len(files) > 1]  # fmt: skip
        frames = [rows for rows, _ in found if len(rows)] or [found[0][0]]
        whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        numbers = np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found])
        return whole, numbers, told + [sentence for _, more in found for sentence in more]


def _refuse_gaps(file: Path, rows: "pd.DataFrame", target: Sequence[str]) -> None:
    for name in target:
        gaps = np.flatnonzero(rows[name].isna()) if name in rows.columns else np.empty(0)
        if len(gaps):
            more = f", and {len(gaps) - 1:,} others have none" if len(gaps) > 1 else ""
            raise ValueError(
                f"{file}: row {gaps[0] + 1:,} has no value in the target {name!r}{more}. Remove "
                "such rows."
            )


def _refuse_rows_apart(options: Mapping[str, Any]) -> None:
    """Whole files are dealt out, so nothing else may say where a row goes."""
    for key in ("group", "time", "split"):
        if options.get(key) is not None:
            raise check.invalid("data.split_by_file", f"false where data.{key} is said", True)
