"""CSV and Parquet: one target column, any mixture of numeric, categorical and missing columns."""

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.csv_header import AUTO, names_in, separator_of
from kreg.data import cells, paths
from kreg.data.cells import is_numeric
from kreg.data.checks import MAX_ROWS
from kreg.data.dataset import Raw, classes_task
from kreg.data.preprocessing import Columns, numbers, texts

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 20_000
FEW = cells.FEW  # whole-number targets with at most so many values are classes
ABSENT = ["?", ""]
TRAIN, VALIDATION, TEST = "train", "validation", "test"
ROLES = {
    **dict.fromkeys((TRAIN, "training"), TRAIN),
    **dict.fromkeys((VALIDATION, "val", "valid", "dev"), VALIDATION),
    **dict.fromkeys((TEST, "testing"), TEST),
}
COUNTER = re.compile(r"unnamed: \d+|id|index|row")  # a column of this name may count the rows


def csv(
    path: str,
    target: str,
    *,
    test_path: str | None = None,
    separator: str = AUTO,
    missing: Sequence[str] | None = None,
    **options: Any,
) -> Raw:
    """A text table with a header line.

    Args:
        path: The file.
        target: Name of the target column.
        test_path: A file of test rows with the same columns, or `None`.
        separator: Between two columns; `"auto"` takes the sign under which the header has `target`.
        missing: Cells that are missing values. `None` are empty cells, `?` and pandas's own list
            (NA, NaN, null, ...).
        **options: See `from_frame`.
    """
    absent: dict[str, Any] = {"na_values": ABSENT}
    if missing is not None:
        absent = {"na_values": list(map(str, missing)), "keep_default_na": False}
    file = paths.table("data.path", path)
    sign = separator_of(file, target) if separator == AUTO else separator
    frame, sentences = _table(file, target, sign, absent)
    test = None
    if test_path is not None:
        own = paths.table("data.test_path", test_path)
        other = separator_of(own, target) if separator == AUTO else separator
        test, told = _table(own, target, other, absent)
        sentences += told
    raw = from_frame(
        frame, target, name=file.stem, test=test, untyped=True, comma=sign == ";", **options
    )
    raw.warnings[:0] = sentences
    return raw


def _table(
    file: Path, target: str, sign: str, absent: dict[str, Any]
) -> "tuple[pd.DataFrame, list[str]]":
    """The rows of a file, without what is none of them, and what is to be said about that."""
    sentences = _columns_of_one_name(file, sign, target)
    frame = read_csv(file, sep=sign, **absent)
    for repair in (_without_row_names, _without_repeated_headers):
        frame, told = repair(frame)
        sentences += told
    if target in frame.columns and frame[target].isna().any():
        as_text = read_csv(file, sep=sign, dtype=str, keep_default_na=False)
        _refuse_gaps(as_text[target].iloc[np.flatnonzero(frame[target].isna())], file.stem)
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


def _columns_of_one_name(file: Path, sign: str, target: str) -> list[str]:
    """Pandas numbers columns of one name; which of two is the target, nobody knows."""
    names = Counter(names_in(file, sign))
    twice = [name for name, count in names.items() if count > 1 and name]
    if target in twice:
        raise ValueError(f"{file.stem}: two columns are called {target!r}.")
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
    rows = ", ".join(str(row + 1) for row in frame.index[again][: cells.SHOWN])
    rest = frame[~again].apply(_as_numbers)
    return rest, [f"the header stands again in row {rows}; left out."]


def _as_numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """What pandas would have read without the words of the header."""
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce")
    return found if bool((found.notna() == column.notna()).all()) else column


def _refuse_gaps(text: "pd.Series[Any]", name: str) -> None:
    word = text.iloc[0].strip()
    advice = f" If {word!r} is a class: data.missing=['']." if word not in ABSENT else ""
    raise ValueError(
        f"{name}: {len(text)} rows have no value in the target {text.name!r}: "
        f"{cells.words(text)}. Remove them.{advice}"
    )


def parquet(path: str, target: str, *, test_path: str | None = None, **options: Any) -> Raw:
    """A Parquet file; needs the extra `parquet`. Arguments: see `csv` and `from_frame`."""
    file = paths.table("data.path", path)
    test = None if test_path is None else read_parquet(paths.table("data.test_path", test_path))
    return from_frame(read_parquet(file), target, name=file.stem, test=test, **options)


def read_parquet(file: Path) -> "pd.DataFrame":
    """The rows of a Parquet file, whose errors become one sentence."""
    try:
        from kreg.foreign import parquet_file
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "data=parquet needs pyarrow: pip install kreg[parquet]"
        ) from error
    try:
        return parquet_file.frame(file)
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is not a Parquet file: {error}.") from error


def from_frame(
    frame: "pd.DataFrame",
    target: str,
    *,
    name: str,
    task: str = "auto",
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    types: Mapping[str, str] = MappingProxyType({}),
    test: "pd.DataFrame | None" = None,
    split: str | None = None,
    max_categories: int = 100,
    untyped: bool = False,
    comma: bool = False,
) -> Raw:
    """The rows of a pandas frame.

    Args:
        frame: One row an example.
        target: Name of the target column.
        name: What the data set is called.
        task: `"auto"`, `"classification"` or `"regression"`. `"auto"` sees classes in text, in
            booleans and in whole numbers of at most 20 values.
        group: Column whose rows stay together in a split; no feature.
        time: Column that orders the rows; no feature.
        drop: Further columns that are no features.
        types: `{column: type}`, `"number"`, `"category"`, `"date"`, `"drop"` or the format of its
            dates; the other columns are what their cells look like.
        test: Test rows with the same columns, or `None`.
        split: Column that says `train`, `validation` or `test` (see `ROLES`); no feature.
        max_categories: Levels of a categorical column that get a column each.
        untyped, comma: As in `cells.understand`.
    """
    frame.columns = [str(column) for column in frame.columns]
    rows = len(frame)
    if test is not None:
        frame = _with_test_rows(frame, test, name, {*drop, split})
    drop = [*drop, *(column for column, wanted in types.items() if wanted == "drop")]
    named = {"data.group": group, "data.time": time, "data.split": split}
    _check_frame(frame, name, target, named, drop, types)
    roles = np.repeat([TRAIN, TEST], [rows, len(frame) - rows])
    if split is not None:
        roles = _roles(frame[split], name, own_test=test is not None, rows=rows)
    try:
        truth, told = _target_cells(frame[target], task, types.get(target), untyped, comma)
        features = frame.drop(columns=list({target, *drop, *filter(None, named.values())}))
        counters = [c for c in features if c not in types and counts_rows(features[c][:rows])]
        features = features.drop(columns=counters)
        features, notations, sentences = cells.understand(
            features, types, untyped=untyped, comma=comma
        )
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    y, classes = targets(truth, name, task)
    identifiers = [c for c in features if c not in types and is_identifier(features[c])]
    features = features.drop(columns=identifiers)
    if not features.shape[1]:
        raise ValueError(f"{name}: no feature column is left beside the target {target!r}.")
    _refuse_infinite(features, name)
    sentences = told + sentences + [f"column {c!r} counts the rows; left out." for c in counters]
    sentences += [f"column {c!r} differs in every row; left out." for c in identifiers]
    raw = Raw(
        name=name,
        x=features,
        y=y,
        task=classes_task(len(classes)) if classes else "regression",
        class_names=classes,
        group=None if group is None else texts(frame[group]),
        time=None if time is None else _times(frame[time], time, types.get(time)),
        preprocess=lambda rows: Columns.fit(rows, max_categories, notations),
        suspects=suspects(frame.drop(columns=list(notations)), {target, time, split}),
        warnings=[f"{name}: {sentence}" for sentence in sentences],
    )
    return raw if (roles == TRAIN).all() else _in_roles(raw, roles)


def _with_test_rows(
    frame: "pd.DataFrame", test: "pd.DataFrame", name: str, without: set[str | None]
) -> "pd.DataFrame":
    """Both tables below each other: cells, levels and classes are understood as one."""
    import pandas as pd

    test.columns = [str(column) for column in test.columns]
    absent = [c for c in frame.columns if c not in test.columns and c not in without]
    if absent:
        raise ValueError(
            f"data.test_path: the file lacks the column {absent[0]!r} of {name}; it has "
            f"{', '.join(map(repr, test.columns[:FEW]))}."
        )
    return pd.concat([frame, test.reindex(columns=frame.columns)], ignore_index=True)


def _roles(
    column: "pd.Series[Any]", name: str, *, own_test: bool, rows: int
) -> NDArray[np.object_]:
    """`train`, `validation` or `test` for each row, from the words that people use."""
    words = texts(column)
    if own_test:
        words = np.append(words[:rows], [TEST] * (len(words) - rows))
    roles = np.array([ROLES.get(word.strip().casefold(), "") for word in words], object)
    if (roles == "").any():
        row = int(np.flatnonzero(roles == "")[0])
        allowed = ", ".join(ROLES)
        raise check.invalid(
            "data.split",
            f"a column of the words {allowed}",
            words[row],
            f"It stands in row {row + 1} of column {column.name!r}.",
        )
    if own_test and (roles[:rows] == TEST).any():
        raise check.invalid("data.test_path", f"null where {name} has test rows", column.name)
    return roles


def _in_roles(raw: Raw, roles: NDArray[Any]) -> Raw:
    """`raw` with the test rows apart, and the validation rows, if there are any, marked."""
    kept, own = np.flatnonzero(roles != TEST), np.flatnonzero(roles == TEST)
    validation = roles[kept] == VALIDATION
    return dataclasses.replace(
        raw,
        x=raw.rows(kept),
        y=raw.y[kept],
        test=(raw.rows(own), raw.y[own]) if len(own) else None,
        validation=validation if validation.any() else None,
        group=None if raw.group is None else raw.group[kept],
        time=None if raw.time is None else raw.time[kept],
        suspects={name: values[kept] for name, values in raw.suspects.items()},
    )


def _target_cells(
    series: "pd.Series[Any]", task: str, wanted: str | None, untyped: bool, comma: bool
) -> "tuple[pd.Series[Any], list[str]]":
    """The target as it is, or as the numbers that its cells are."""
    if wanted == "category":
        return cells.as_categories(series), []
    few = task == "auto" and wanted is None and series.nunique() <= FEW
    if is_numeric(series) or task == "classification" or few:
        return series, []
    wanted = wanted or ("number" if task == "regression" and _any_number(series) else None)
    reading = cells.best_reading(series, wanted, untyped=untyped, comma=comma)
    if reading is None:
        return series, []
    if len(reading.odd):
        raise ValueError(
            f"the target {series.name!r} holds numbers, but also {cells.words(reading.odd)}. "
            "Correct or remove these rows, or say data.task=classification."
        )
    import pandas as pd

    told = cells.told(series.name, series, reading)
    return pd.Series(reading.values, series.index, name=series.name), [told]


def _any_number(series: "pd.Series[Any]") -> bool:
    return bool(np.isfinite(cells.read(series, cells.POINT)).any())


def counts_rows(series: "pd.Series[Any]") -> bool:
    """A column without a name, or called id, index or row, that counts 0, 1, 2, ... or 1, 2, ..."""
    if not COUNTER.fullmatch(str(series.name).casefold()) or series.dtype.kind not in "iu":
        return False
    values = series.to_numpy()
    return values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _check_frame(
    frame: "pd.DataFrame",
    name: str,
    target: str,
    named: Mapping[str, str | None],
    drop: Sequence[str],
    types: Mapping[str, str],
) -> None:
    if not len(frame):
        raise ValueError(f"{name}: the table has no rows.")
    if len(frame) > MAX_ROWS or frame.shape[1] > MAX_COLUMNS:
        raise ValueError(f"{name}: more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns.")
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{name}: two columns are called {twice!r}.")
    check.choice("data.target", target, frame.columns)
    lists = [("data.drop", column) for column in drop] + [("data.types", c) for c in types]
    for key, column in [*named.items(), *lists]:
        if column is not None:
            check.choice(key, column, frame.columns)


def targets(series: "pd.Series[Any]", name: str, task: str) -> tuple[NDArray[Any], list[str]]:
    """`(targets, class names)`; no names where the task is regression."""
    absent = int(series.isna().sum())
    if absent:
        raise ValueError(
            f"{name}: {absent} rows have no value in the target {series.name!r}. Remove them."
        )
    if task == "regression" or (task == "auto" and not looks_like_classes(series)):
        if not is_numeric(series):
            raise ValueError(
                f"{name}: the target {series.name!r} holds text, not numbers: {texts(series)[0]!r}."
            )
        return series.to_numpy(np.float64), []
    names, codes = np.unique(
        texts(series) if not is_numeric(series) else series, return_inverse=True
    )
    if len(names) > max(1000, FEW):
        raise ValueError(
            f"{name}: the target {series.name!r} has {len(names)} classes. "
            "Say data.task=regression, or name another target."
        )
    return codes, [str(n) for n in names.tolist()]


def looks_like_classes(series: "pd.Series[Any]") -> bool:
    """Text, booleans, and whole numbers of few values."""
    if not is_numeric(series) or series.dtype.kind == "b":
        return True
    values = series.unique()
    return len(values) <= FEW and bool((values == np.rint(values)).all())


def is_identifier(series: "pd.Series[Any]") -> bool:
    """A text column with another value in every row names the row and teaches nothing."""
    return not is_numeric(series) and len(series) > FEW and series.nunique() == len(series)


def suspects(frame: "pd.DataFrame", without: set[str | None]) -> dict[str, NDArray[Any]]:
    """Columns that may name subjects: whole numbers, text, and the front part of identifiers."""
    found: dict[str, NDArray[Any]] = {}
    for name in frame.columns:
        series = frame[name]
        if name in without or series.dtype.kind in "fb":
            continue
        values = texts(series)
        if is_identifier(series):
            values = np.array([text.rsplit("_", 1)[0].rsplit("-", 1)[0] for text in values])
        found[name] = values
    return found


def _times(series: "pd.Series[Any]", name: str, wanted: str | None) -> NDArray[Any]:
    if series.isna().any():
        raise ValueError(f"data.time: column {name!r} has missing values.")
    if is_numeric(series):
        return series.to_numpy()
    reading = cells.best_reading(series, wanted)
    if reading is None or len(reading.odd):
        shown = cells.words(series if reading is None else reading.odd)
        raise ValueError(f"data.time: column {name!r} holds neither numbers nor dates: {shown}.")
    return reading.values


def _refuse_infinite(frame: "pd.DataFrame", name: str) -> None:
    for column in frame.columns:
        if is_numeric(frame[column]) and np.isinf(numbers(frame[column])).any():
            raise ValueError(f"{name}: column {column!r} holds infinite values. Replace them.")
