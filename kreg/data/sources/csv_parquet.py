"""CSV and Parquet: one target or several, and any mixture of numbers, words and missing values."""

import dataclasses
import importlib.util
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg.csv_header import AUTO, names_in, separator_of
from kreg.data import column_types
from kreg.data.cells import is_numeric
from kreg.data.checks import MAX_ROWS
from kreg.data.dataset import Raw
from kreg.data.disk.shards import CsvShards, ParquetShards, of_parquet
from kreg.data.options import CsvOptions, ParquetOptions
from kreg.data.sources.several import names, read

if TYPE_CHECKING:
    import pandas as pd

ABSENT = ["?", ""]


def csv(
    path: str,
    target: str | Sequence[str],
    *,
    separator: str = AUTO,
    missing: Sequence[str] | None = None,
    **options: Any,
) -> Raw:
    """A text table with a header line, or several with the same columns.

    Args:
        path: The file, a folder of such files, or a pattern of their names.
        target: Name of the target column, or a list of several.
        separator: Between two columns; `"auto"` takes the sign under which the header has `target`.
        missing: Cells that are missing values. `None` are empty cells, `?` and pandas's own list
            (NA, NaN, null, ...). Where `label_separator` is said, an empty cell has no label.
        **options: See `several.read`.
    """
    absent: dict[str, Any] = {"na_values": ABSENT}
    if missing is not None:
        absent = {"na_values": list(map(str, missing)), "keep_default_na": False}
    empty = options.get("label_separator") is not None
    kind = Csv(names(target), separator, absent, empty)
    raw = read(kind, path, kind.target, **options)
    words = None if missing is None else absent["na_values"]
    raw.reading |= {"separator": separator, "missing": words}
    return raw


@dataclasses.dataclass
class Csv:
    """A `several.Kind`.

    Args:
        target: The target columns.
        separator: As for `csv`.
        absent: What pandas is told of missing values.
        empty: Whether a cell of the target may be empty.
    """

    endings, compact = CsvOptions.endings, False
    target: list[str]
    separator: str
    absent: dict[str, Any]
    empty: bool

    @property
    def key(self) -> object:
        return self.separator, self.absent

    def sign(self, file: Path) -> str:
        """Between two columns."""
        return separator_of(file, self.target[0]) if self.separator == AUTO else self.separator

    def shards(self, files: list[Path], without: set[str]) -> CsvShards:
        return CsvShards(files, self.target[0], self.separator, self.absent, without)

    def whole(self, file: Path) -> "tuple[pd.DataFrame, list[str]]":
        return read_rows(file, self.target, self.sign(file), self.absent, self.empty)

    def cells(self, file: Path) -> dict[str, Any]:
        return {"untyped": True, "comma": self.sign(file) == ";"}


def read_rows(
    file: Path, target: list[str], sign: str, absent: dict[str, Any], empty: bool
) -> "tuple[pd.DataFrame, list[str]]":
    """The rows of a file, without what is none of them, and what is to be said about that.

    `empty` is whether a cell of the target may be so.
    """
    sentences = _columns_of_one_name(file, sign, target)
    frame = read_csv(file, sep=sign, **absent)
    for repair in (_without_row_names, _without_repeated_headers):
        frame, told = repair(frame)
        sentences += told
    for name in target:
        if name in frame.columns and frame[name].isna().any():
            as_text = read_csv(file, sep=sign, dtype=str, keep_default_na=False)
            cells = as_text[name].reset_index(drop=True)  # rows that are too long have names
            gaps = cells.iloc[np.flatnonzero(frame[name].isna())]
            _refuse_gaps(gaps[gaps.str.strip() != ""] if empty else gaps, file.stem)
    return frame.reset_index(drop=True), [f"{file.stem}: {sentence}" for sentence in sentences]


def read_csv(file: Path, **options: Any) -> "pd.DataFrame":
    """`pandas.read_csv`, whose errors become one sentence."""
    import pandas as pd

    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            return pd.read_csv(
                opened, skipinitialspace=True, nrows=MAX_ROWS + 1, low_memory=False, **options
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not a table of UTF-8 text: {str(error).strip()}.") from error


def _columns_of_one_name(file: Path, sign: str, target: list[str]) -> list[str]:
    """Pandas numbers columns of one name; which of two is the target, nobody knows."""
    found = Counter(names_in(file, sign))
    twice = [name for name, count in found.items() if count > 1 and name]
    for name in filter(twice.__contains__, target):
        raise ValueError(f"{file.stem}: two columns are called {name!r}.")
    return [f"columns are called alike and numbered, as {n!r}, '{n}.1'." for n in twice[:1]]


def _without_row_names(frame: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """Rows with one field more than the header: names of the rows, or a separator at their ends."""
    import pandas as pd

    if isinstance(frame.index, pd.RangeIndex):
        return frame, []
    names = frame.index.to_numpy()
    if not frame.iloc[:, -1].isna().all():
        return frame.reset_index(drop=True), ["the rows' names, a column without header, left out."]
    columns = list(frame.columns)
    frame = frame.iloc[:, :-1].set_axis(columns[1:], axis=1).reset_index(drop=True)
    frame.insert(0, columns[0], names)
    return frame, []


def _without_repeated_headers(frame: "pd.DataFrame") -> "tuple[pd.DataFrame, list[str]]":
    """Files that were joined have the header again among their rows: such rows are left out."""
    if frame.empty or any(is_numeric(frame[name]) for name in frame.columns):
        return frame, []
    again = (frame.astype(object) == list(frame.columns)).all(axis=1)
    if not again.any():
        return frame, []
    rows = ", ".join(str(row + 1) for row in frame.index[again][: column_types.SHOWN])
    rest = frame[~again].apply(as_numbers)
    return rest, [f"the header stands again in row {rows}; left out."]


def as_numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """What pandas would have read without the words of the header."""
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce")
    return found if bool((found.notna() == column.notna()).all()) else column


def _refuse_gaps(text: "pd.Series[Any]", name: str) -> None:
    if text.empty:
        return
    word = text.iloc[0].strip()
    advice = f" If {word!r} is a class: data.missing=['']." if word not in ABSENT else ""
    raise ValueError(
        f"{name}: {len(text)} rows have no value in the target {text.name!r}: "
        f"{column_types.words(text)}. Remove them.{advice}"
    )


def parquet(path: str, target: str | Sequence[str], **options: Any) -> Raw:
    """Parquet files; needs the extra `parquet`. Arguments: see `csv` and `several.read`."""
    return read(Parquet(), path, names(target), **options)


class Parquet:
    """A `several.Kind`."""

    endings, compact, key = ParquetOptions.endings, True, ()

    def shards(self, files: list[Path], without: set[str]) -> ParquetShards:
        refuse_without_pyarrow()
        return ParquetShards(files, without)

    def whole(self, file: Path) -> "tuple[pd.DataFrame, list[str]]":
        return read_parquet(file), []

    def cells(self, file: Path) -> dict[str, Any]:
        return {}


def refuse_without_pyarrow() -> None:
    """Name the extra that reads Parquet, where it is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ModuleNotFoundError("data=parquet needs pyarrow: pip install kreg[parquet]")


def read_parquet(file: Path) -> "pd.DataFrame":
    """The rows of a Parquet file, whose errors become one sentence."""
    refuse_without_pyarrow()
    from kreg.foreign import parquet_file

    frame: pd.DataFrame = of_parquet(file, parquet_file.frame)
    return frame
