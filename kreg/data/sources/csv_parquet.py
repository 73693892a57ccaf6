"""CSV and Parquet: one target or several, and any mixture of numbers, words and missing values."""

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
from kreg.data.disk.shards import CsvShards, ParquetShards, names_of, of_parquet
from kreg.data.options import CsvOptions, ParquetOptions
from kreg.data.sources.several import Tables, listed, names, unread

if TYPE_CHECKING:
    import pandas as pd

ABSENT = ["?", ""]


def csv(
    path: str,
    target: str | Sequence[str],
    *,
    test_path: str | None = None,
    separator: str = AUTO,
    missing: Sequence[str] | None = None,
    cache: str = AUTO,
    cache_limit: float = 100.0,
    **options: Any,
) -> Raw:
    """A text table with a header line, or several with the same columns.

    Args:
        path: The file, a folder of such files, or a pattern of their names.
        target: Name of the target column, or a list of several.
        test_path: The same of test rows, or `None`.
        separator: Between two columns; `"auto"` takes the sign under which the header has `target`.
        missing: Cells that are missing values. `None` are empty cells, `?` and pandas's own list
            (NA, NaN, null, ...). Where `label_separator` is said, an empty cell has no label.
        cache: Where the rows are kept: `"memory"`, `"disk"`, or `"auto"`: on the disk where they
            are large.
        cache_limit: GiB of tables that are kept on the disk at most.
        **options: See `from_frame`, and `split_by_file`.
    """
    absent: dict[str, Any] = {"na_values": ABSENT}
    if missing is not None:
        absent = {"na_values": list(map(str, missing)), "keep_default_na": False}
    wanted = names(target)

    def shards(files: list[Path]) -> CsvShards:
        return CsvShards(files, wanted[0], separator, absent, unread(options))

    def whole(file: Path) -> "tuple[pd.DataFrame, list[str]]":
        sign = separator_of(file, wanted[0]) if separator == AUTO else separator
        return read_rows(file, wanted, sign, absent, options.get("label_separator") is not None)

    files, tests = listed(path, test_path, CsvOptions.endings)
    several = Tables(files, tests, shards, whole, names_of(files, path), False)
    sign = separator_of(files[0], wanted[0]) if separator == AUTO else separator
    options |= {"untyped": True, "comma": sign == ";"}
    raw = several.read(wanted, cache, cache_limit, (separator, absent), options)
    words = None if missing is None else absent["na_values"]
    raw.reading |= {"separator": separator, "missing": words}
    return raw


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


def parquet(
    path: str,
    target: str | Sequence[str],
    *,
    test_path: str | None = None,
    cache: str = AUTO,
    cache_limit: float = 100.0,
    **options: Any,
) -> Raw:
    """Parquet files; needs the extra `parquet`. Arguments: see `csv` and `from_frame`."""
    files, tests = listed(path, test_path, ParquetOptions.endings)

    def shards(files: list[Path]) -> ParquetShards:
        refuse_without_pyarrow()
        return ParquetShards(files, unread(options))

    several = Tables(
        files, tests, shards, lambda f: (read_parquet(f), []), names_of(files, path), True
    )
    return several.read(names(target), cache, cache_limit, (), options)


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
