"""The files of one table, Parquet or CSV: the same columns in each, read some rows at a time."""

import contextlib
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kreg.csv_header import AUTO, names_in, separator_of
from kreg.foreign import csv_blocks
from kreg.foreign.content import DamagedError

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("whole", "short", "float32", "number")  # of which one file may have these, another those
LOOKED_AT = 2**20  # bytes of a text whose lines are counted
CELL = 8  # bytes of a number as pandas keeps it


NO_PARQUET = " is not a Parquet file"


@contextlib.contextmanager
def named(file: Path, told: str = "") -> Iterator[None]:
    """Inside, a file that cannot be read is an error with its name, and `told` of it.

    Raises:
        ValueError: In place of `OSError` and `DamagedError`.
    """
    try:
        yield
    except (OSError, DamagedError) as error:
        raise ValueError(f"{file}{told}: {error}.") from error


def of_parquet(file: Path, read: Callable[[Path], Any]) -> Any:
    """What `read` finds in a Parquet file, whose errors become one sentence."""
    with named(file, NO_PARQUET):
        return read(file)


class Shards(Protocol):
    """Files with the same columns.

    Args:
        files: In their order.
        columns: Their names.
        narrow: Those that are no finer than float32 in every file.
        fractions: Those that the files say to have fractions.
        untyped: Whether a file says nothing of the types of its columns.
        comma: Whether `1,234` alone means 1.234.
    """

    files: list[Path]
    columns: list[str]
    narrow: set[str]
    fractions: set[str]
    untyped: bool
    comma: bool

    def size(self) -> int:
        """Bytes of all rows in memory, about."""

    def stored_size(self) -> int:
        """Bytes of all rows as they are stored, about."""

    def blocks(
        self, file: Path, size: int, texts: Collection[str] = ()
    ) -> "Iterator[pd.DataFrame]":
        """The rows of a file, at most `size` at a time; those of `texts` stay as they are written.

        Raises:
            ValueError: If it cannot be read, with its name.
        """


class ParquetShards:
    """Parquet files; see `Shards`."""

    untyped = False
    comma = False

    def __init__(self, files: list[Path], without: Collection[str] = ()) -> None:
        from kreg.foreign import parquet_file

        self.reader, self.files = parquet_file, files
        types = {file: of_parquet(file, parquet_file.types) for file in files}
        self.columns = list(types[files[0]])
        refuse_other_columns({file: list(found) for file, found in types.items()}, without)
        refuse_other_types(types, without)
        kinds: dict[str, set[str]] = {name: set() for name in self.columns}
        for found in types.values():
            for name in self.columns:
                kinds[name].add(found.get(name, "none"))
        exact = {"bool", "short", "float32", "none"}
        self.narrow = {name for name, found in kinds.items() if found <= exact}
        self.fractions = {name for name, found in kinds.items() if found & {"float32", "number"}}

    def size(self) -> int:
        return self._rows() * len(self.columns) * CELL

    def stored_size(self) -> int:
        return self._rows() * (len(self.columns) * CELL - len(self.narrow) * CELL // 2)

    def _rows(self) -> int:
        return sum(of_parquet(file, self.reader.count) for file in self.files)

    def blocks(
        self, file: Path, size: int, texts: Collection[str] = ()
    ) -> "Iterator[pd.DataFrame]":
        with named(file, NO_PARQUET):
            yield from self.reader.blocks(file, size)


class CsvShards:
    """CSV files with a header line each; see `Shards`.

    Args:
        files: In their order.
        target: A column by which the separator is found.
        separator: Between two columns, or `"auto"`.
        absent: What pandas is told of missing values.
        without: Columns that a file may lack.
    """

    untyped = True

    def __init__(
        self,
        files: list[Path],
        target: str,
        separator: str,
        absent: dict[str, Any],
        without: Collection[str] = (),
    ) -> None:
        self.files, self.absent = files, absent
        self.narrow, self.fractions = set[str](), set[str]()
        self.sign = separator_of(files[0], target) if separator == AUTO else separator
        self.comma = self.sign == ";"
        headers = {file: names_in(file, self.sign) for file in files}
        for file, names in headers.items():
            if not names:
                raise ValueError(f"{file} is empty: it has no header line.")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"{file}: two columns are called {twice!r}.")
        self.headers = headers
        self.columns = headers[files[0]]
        refuse_other_columns(headers, without)

    def size(self) -> int:
        return self._rows() * len(self.columns) * CELL

    def stored_size(self) -> int:
        return self.size()

    def _rows(self) -> int:
        """How many there are, if the first lines are as long as the others."""
        with open(self.files[0], "rb") as opened:
            start = opened.read(LOOKED_AT)
        whole = sum(file.stat().st_size for file in self.files)
        return whole * start.count(b"\n") // max(len(start), 1)

    def blocks(
        self, file: Path, size: int, texts: Collection[str] = ()
    ) -> "Iterator[pd.DataFrame]":
        done = 0
        try:
            with open(file, encoding="utf-8-sig", newline="") as opened:
                lines = csv_blocks.lines(opened)
                next(line for line in lines if line.strip())
                for rows in csv_blocks.blocks(lines, self.headers[file], self.sign, size):
                    self._refuse_broken(file, rows, done)
                    if rows.rows:
                        yield self._frame(file, rows.text, texts)
                    done += rows.rows
        except (OSError, DamagedError) as error:
            raise ValueError(f"{file}: after row {done:,}, {error}.") from error

    def _frame(self, file: Path, text: str, texts: Collection[str]) -> "pd.DataFrame":
        import pandas as pd

        return pd.read_csv(
            io.StringIO(text), sep=self.sign, header=None, names=self.headers[file],
            dtype=dict.fromkeys(texts, str), skipinitialspace=True, low_memory=False,
            index_col=False, skip_blank_lines=len(self.headers[file]) > 1, **self.absent,
        )  # fmt: skip

    @staticmethod
    def _refuse_broken(file: Path, rows: csv_blocks.Rows, done: int) -> None:
        for row, reason in rows.reasons.items():
            raise ValueError(f"{file}, row {done + row + 1:,}: {reason}. Correct or remove it.")


def refuse_other_columns(columns: dict[Path, list[str]], without: Collection[str]) -> None:
    """Refuse a file whose columns are not those of the first one.

    Args:
        columns: Of each file.
        without: Columns that nobody reads.
    """
    first, *others = columns
    wanted = set(columns[first]) - set(without)
    for file in others:
        found = set(columns[file]) - set(without)
        for names, told in ((wanted - found, "lacks"), (found - wanted, "has")):
            if names:
                other = "has" if told == "lacks" else "lacks"
                raise ValueError(
                    f"{file} {told} the column {min(names)!r}, which {first.name} {other}. All "
                    "files of data.path must have the same columns."
                )


def refuse_other_types(types: dict[Path, dict[str, str]], without: Collection[str]) -> None:
    """Refuse a file in which a column is of another type than in the others."""
    known: dict[str, tuple[str, Path]] = {}
    for file, found in types.items():
        for name, kind in found.items():
            kind = "number" if kind in NUMBERS else kind
            if kind == "none" or name in without:
                continue
            before, first = known.setdefault(name, (kind, file))
            if before != kind:
                raise ValueError(
                    f"{file}: the column {name!r} is {kind} there, and {before} in {first.name}. "
                    "All files of data.path must have the same types."
                )


def names_of(files: Sequence[Path], path: str) -> str:
    """What the table is called: the file, the folder, or the folder of a pattern."""
    if len(files) == 1:
        return files[0].stem
    whole = Path(path).expanduser()
    return whole.name if whole.is_dir() else files[0].resolve().parent.name
