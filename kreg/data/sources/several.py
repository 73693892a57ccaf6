"""One table in several files: below each other in memory, or left on the disk where it is large."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check
from kreg.data import paths
from kreg.data.dataset import Raw
from kreg.data.disk.shards import CELL, Shards
from kreg.data.disk.table import from_shards
from kreg.data.disk.wish import Wish
from kreg.data.table import from_frame

if TYPE_CHECKING:
    import pandas as pd

AUTO, MEMORY, DISK = CACHES = ("auto", "memory", "disk")
GIB = 2**30
LARGE = 2 * GIB  # of cells: `auto` leaves a larger table on the disk, on every machine


def unread(options: Mapping[str, Any]) -> set[str]:
    """Columns of which nobody reads the cells."""
    dropped = {column for column, kind in options.get("types", {}).items() if kind == "drop"}
    return dropped | set(options.get("drop", ()))


def listed(
    path: str, test_path: str | None, endings: Sequence[str]
) -> tuple[list[Path], list[Path] | None]:
    """The files of a table and of its test rows; `None` where it has none of its own."""
    files = paths.tables("data.path", path, endings)
    if test_path is None:
        return files, None
    return files, paths.tables("data.test_path", test_path, endings)


def names(target: str | Sequence[str]) -> list[str]:
    """The target columns, whether one was said or several."""
    return [target] if isinstance(target, str) else list(target)


@dataclasses.dataclass
class Tables:
    """The files of a table and of its test rows.

    Args:
        files: With the same columns.
        tests: The files of the test rows, or `None`.
        shards: What reads such files some rows at a time.
        whole: What reads one of them: its rows, and what is to be said.
        name: What the table is called.
        compact: Whether a few bytes of a file may be very many cells.
    """

    files: list[Path]
    tests: list[Path] | None
    shards: Callable[[list[Path]], Shards]
    whole: "Callable[[Path], tuple[pd.DataFrame, list[str]]]"
    name: str
    compact: bool

    def read(
        self,
        target: list[str],
        cache: str,
        cache_limit: float,
        reading: object,
        options: dict[str, Any],
    ) -> Raw:
        """The rows.

        Args:
            target: The target columns.
            cache: One of `CACHES`.
            cache_limit: GiB that may be kept on the disk.
            reading: How the files are read, as far as `options` do not say it.
            options: Of `from_frame`, and `split_by_file`.
        """
        check.choice("data.cache", cache, CACHES)
        limit = round(cache_limit * GIB)
        by_file = options.pop("split_by_file", False)
        if by_file:
            _refuse_rows_apart(options)
        if len(self.files) > 1 or cache == DISK or (cache == AUTO and self._may_be_large()):
            shards = self.shards(self.files)  # refuses files that do not belong together
            if cache == DISK or (cache == AUTO and shards.size() > LARGE):
                return self._on_disk(shards, target, limit, reading, by_file, options)
        return self._in_memory(target, by_file, options)

    def _may_be_large(self) -> bool:
        """Without a look into the files: a cell of a text has two bytes at least."""
        size = sum(file.stat().st_size for file in self.files)
        return self.compact or size // 2 * CELL > LARGE

    def _on_disk(
        self,
        shards: Shards,
        target: list[str],
        limit: int,
        reading: object,
        by_file: bool,
        options: dict[str, Any],
    ) -> Raw:
        own = {key: value for key, value in options.items() if key not in ("untyped", "comma")}
        wish = Wish(target, split_by_file=by_file, **own)
        tests = None if self.tests is None else self.shards(self.tests)
        return from_shards(
            shards, wish, name=self.name, tests=tests, limit=limit, reading=repr(reading)
        )

    def _in_memory(self, target: list[str], by_file: bool, options: dict[str, Any]) -> Raw:
        wanted = target if options.get("label_separator") is None else []
        frame, files, told = self._joined(self.files, wanted)
        test = None
        if self.tests is not None:
            test, _, more = self._joined(self.tests, wanted)
            told += more
        raw = from_frame(frame, target, name=self.name, test=test, **options)
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

        found = [self.whole(file) for file in files]
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
