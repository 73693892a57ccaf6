"""A table that says what is on each picture: file names in one column, targets in others."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.csv_header import separator_of
from kreg.data.grouping import grouping_of
from kreg.data.own_splits import TRAIN, roles_of
from kreg.data.pictures.folder import NAMED, Listing, Walk, shown
from kreg.data.sources.csv_parquet import ABSENT, as_numbers, read_csv, read_rows
from kreg.data.table import counts_rows
from kreg.data.targets import Truth, read_targets

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT = 20  # cells of a column in which a file's name is looked for
ABSENT_FILE, SEVERAL = -1, -2  # in place of a file, where none or more than one has the name


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a table is read.

    Args:
        target: Name of the target column, or of several. `None` is the only one beside the names.
        label_separator, task: As in `targets.read_targets`.
        split: Column that says `train`, `validation` or `test`.
        group, time: Columns whose rows stay together, and that orders them; see `grouping`.
    """

    target: str | Sequence[str] | None = None
    label_separator: str | None = None
    split: str | None = None
    task: str = "auto"
    group: str | None = None
    time: str | None = None

    @property
    def named(self) -> dict[str, str | None]:
        """The columns that deal out, group or order the rows, by their keys."""
        return {"data.split": self.split, "data.group": self.group, "data.time": self.time}

    @property
    def targets(self) -> list[str]:
        return [self.target] if isinstance(self.target, str) else list(self.target or ())


def labelled(root: Path, table: Path, how: Reading, *, skip: bool = False) -> tuple[Listing, Truth]:
    """The pictures below `root` that a table names, and their targets.

    A name is a path below `root`, or its last part, each also without its ending.

    Args:
        root: The folder.
        table: A CSV with a header.
        how: What its columns are.
        skip: Whether rows without a picture are left out, and not refused.

    Raises:
        ValueError: If no column names pictures, or a row names none, or two name the same one.
    """
    found = Walk(root).below(root)
    known = _by_name([name for name, _, _ in found])
    sign = separator_of(table, next(iter(how.targets), None))
    words = read_csv(table, sep=sign, dtype=str, keep_default_na=False)
    column = _column_of_names(words, known, table, root)
    wanted = how.targets or _only_other(words, {column, *how.named.values()}, table)
    _refuse_unknown(words, how)
    empty = how.label_separator is not None
    rows, told = read_rows(table, wanted, sign, {"na_values": ABSENT}, empty)
    if len(rows) != len(words):
        raise ValueError(f"{table.name}: its header stands again among its rows. Remove it there.")
    files = np.array([known.get(_key(cell), ABSENT_FILE) for cell in words[column]], np.int64)
    kept, more = _with_a_file(files, words[column], table, skip=skip)
    rows, files = rows.iloc[kept].reset_index(drop=True), files[kept]
    truth = read_targets(
        rows[wanted], how.task, {}, label_separator=how.label_separator, untyped=True,
        comma=sign == ";",
    )  # fmt: skip
    more += _unnamed(len(found) - len(files), table)
    listed = _listing(root, [found[file] for file in files], truth, told + more)
    listed.grouping = grouping_of(
        rows, how.group, how.time, unsuspected={*wanted, column, how.split}
    )
    if how.split is not None:
        listed.roles = roles_of(rows[how.split], table.name, own_test=False, rows=len(rows))
    return listed, truth


def _refuse_unknown(words: "pd.DataFrame", how: Reading) -> None:
    targets = [("data.target", name) for name in how.targets]
    for key, column in [*targets, *how.named.items()]:
        if column is not None:
            check.choice(key, column, words.columns)


def _listing(
    root: Path, found: list[tuple[str, int, int]], truth: Truth, sentences: list[str]
) -> Listing:
    return Listing(
        root,
        [name for name, _, _ in found],
        np.array([facts for _, *facts in found], np.int64).reshape(-1, 2),
        truth.y,
        np.full(len(found), TRAIN, object),
        truth.class_names,
        sentences + truth.sentences,
    )


def _unnamed(count: int, table: Path) -> list[str]:
    return [f"{count} pictures stand in no row of {table.name}: left out."] if count else []


def _key(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _by_name(names: list[str]) -> dict[str, int]:
    """The file of every name that it may be called by; longer ones come first."""
    known: dict[str, int] = {}
    whole = [Path(name) for name in names]
    for ways in (
        [path.as_posix() for path in whole],
        [path.name for path in whole],
        [path.with_suffix("").as_posix() for path in whole],
        [path.stem for path in whole],
    ):
        twice = {way for way, count in Counter(ways).items() if count > 1}
        for file, way in enumerate(ways):
            known.setdefault(way, SEVERAL if way in twice else file)
    return known


def _column_of_names(words: "pd.DataFrame", known: dict[str, int], table: Path, root: Path) -> str:
    """The column that names the most pictures, at the greatest length.

    A class, a patient or a count of the rows may be called as a picture is without its ending.
    """
    cells = {str(column): words[column][:LOOKED_AT] for column in words.columns}
    named = {column: known.keys() & map(_key, cells[column]) for column in cells}
    if any(named.values()):
        return max(named, key=lambda column: (len(named[column]), sum(map(len, named[column]))))
    row = ", ".join(map(repr, words.iloc[0])) if len(words) else "empty"
    raise ValueError(
        f"data.labels: no column of {table.name} names pictures below {shown(root)}; its first row "
        f"is {row}."
    )


def _only_other(words: "pd.DataFrame", others: set[str | None], table: Path) -> list[str]:
    free = [str(column) for column in words.columns if column not in others]
    columns = [column for column in free if not counts_rows(as_numbers(words[column]))]
    if len(columns) != 1:
        found = ", ".join(map(repr, columns[:LOOKED_AT])) or "none"
        raise ValueError(
            f"data.target: {table.name} has {len(columns)} columns beside the file names: {found}. "
            "Say which one with data.target=..."
        )
    return columns


def _with_a_file(
    files: NDArray[np.int64], cells: "pd.Series[Any]", table: Path, *, skip: bool
) -> tuple[NDArray[np.int64], list[str]]:
    """The rows that name a picture, and a sentence about the others."""
    for row in np.flatnonzero(files == SEVERAL):
        raise ValueError(
            f"{table.name}, row {row + 1}: several pictures are called {cells.iloc[row]!r}. "
            "Name their folders, too."
        )
    rows = np.flatnonzero(files >= 0)
    _refuse_twice(files, rows, cells, table)
    absent = np.flatnonzero(files < 0)
    if not len(absent):
        return rows, []
    named = ", ".join(repr(cells.iloc[row]) for row in absent[:NAMED])
    told = f"{len(absent)} of {len(cells)} rows of {table.name} name no picture, such as {named}"
    if not skip:
        raise ValueError(f"{told}. Say data.on_error=skip to leave them out.")
    return rows, [f"{told}: left out."]


def _refuse_twice(
    files: NDArray[np.int64], rows: NDArray[np.int64], cells: "pd.Series[Any]", table: Path
) -> None:
    """A picture has one row: what two rows say of it may differ."""
    known, count = np.unique(files[rows], return_counts=True)
    for file in known[count > 1]:
        first, second = np.flatnonzero(files == file)[:2]
        raise ValueError(
            f"{table.name}: rows {first + 1} and {second + 1} are of the same picture, "
            f"{cells.iloc[first]!r}."
        )
