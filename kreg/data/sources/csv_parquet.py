"""CSV and Parquet: one target column, any mixture of numeric, categorical and missing columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data import paths
from kreg.data.checks import MAX_ROWS
from kreg.data.dataset import Raw, classes_task
from kreg.data.preprocessing import Columns, is_numeric, numbers, texts

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 20_000
FEW = 20  # whole-number targets with at most so many values are classes
ABSENT = ["?", ""]


def csv(path: str, target: str, *, separator: str = ",", **options: Any) -> Raw:
    """A text table with a header line. Options: see `from_frame`.

    Empty cells, `?` and pandas's own list (NA, NaN, null, ...) are missing values.
    """
    import pandas as pd

    file = paths.table("data.path", path)
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            frame = pd.read_csv(
                opened,
                sep=separator,
                na_values=ABSENT,
                skipinitialspace=True,
                nrows=MAX_ROWS + 1,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not a table of UTF-8 text: {str(error).strip()}.") from error
    return from_frame(frame, target, name=file.stem, **options)


def parquet(path: str, target: str, **options: Any) -> Raw:
    """A Parquet file; needs the extra `parquet`. Options: see `from_frame`."""
    import pandas as pd

    file = paths.table("data.path", path)
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "data=parquet needs pyarrow: pip install kreg[parquet]"
        ) from error
    try:
        with open(file, "rb") as opened:
            frame = pd.read_parquet(opened, engine="pyarrow")
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{file} is not a Parquet file: {error}.") from error
    return from_frame(frame, target, name=file.stem, **options)


def from_frame(
    frame: "pd.DataFrame",
    target: str,
    *,
    name: str,
    task: str = "auto",
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    max_categories: int = 100,
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
        max_categories: Levels of a categorical column that get a column each.
    """
    frame.columns = [str(column) for column in frame.columns]
    _check_frame(frame, name, target, group, time, drop)
    y, classes = targets(frame[target], name, task)
    features = frame.drop(columns=list({target, *drop, *filter(None, (group, time))}))
    identifiers = [c for c in features.columns if is_identifier(features[c])]
    features = _dates_as_days(features.drop(columns=identifiers))
    if not features.shape[1]:
        raise ValueError(f"{name}: no feature column is left beside the target {target!r}.")
    _refuse_infinite(features, name)
    return Raw(
        name=name,
        x=features,
        y=y,
        task=classes_task(len(classes)) if classes else "regression",
        class_names=classes,
        group=None if group is None else texts(frame[group]),
        time=None if time is None else _times(frame[time], time),
        preprocess=lambda rows: Columns.fit(rows, max_categories),
        suspects=suspects(frame, {target, time}),
        warnings=[f"{name}: column {c!r} differs in every row; left out." for c in identifiers],
    )


def _dates_as_days(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Date columns become numbers: days since 1970."""
    import pandas as pd

    dates = [column for column in frame.columns if frame[column].dtype.kind == "M"]
    days = {
        c: (frame[c] - pd.Timestamp(0, tz=frame[c].dt.tz)) / pd.Timedelta(days=1) for c in dates
    }
    return frame.assign(**days)


def _check_frame(
    frame: "pd.DataFrame",
    name: str,
    target: str,
    group: str | None,
    time: str | None,
    drop: Sequence[str],
) -> None:
    if not len(frame):
        raise ValueError(f"{name}: the table has no rows.")
    if len(frame) > MAX_ROWS or frame.shape[1] > MAX_COLUMNS:
        raise ValueError(f"{name}: more than {MAX_ROWS:,} rows or {MAX_COLUMNS:,} columns.")
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{name}: two columns are called {twice!r}.")
    wanted = {"data.target": target, "data.group": group, "data.time": time}
    for key, column in [*wanted.items(), *(("data.drop", c) for c in drop)]:
        if column is not None or key == "data.target":
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
            raise ValueError(f"{name}: the target {series.name!r} holds text, not numbers.")
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


def _times(series: "pd.Series[Any]", name: str) -> NDArray[Any]:
    if series.isna().any():
        raise ValueError(f"data.time: column {name!r} has missing values.")
    if is_numeric(series):
        return series.to_numpy()
    import pandas as pd

    try:
        return pd.to_datetime(series).to_numpy()
    except (ValueError, TypeError) as error:
        raise ValueError(f"data.time: column {name!r} holds neither numbers nor dates.") from error


def _refuse_infinite(frame: "pd.DataFrame", name: str) -> None:
    for column in frame.columns:
        if is_numeric(frame[column]) and np.isinf(numbers(frame[column])).any():
            raise ValueError(f"{name}: column {column!r} holds infinite values. Replace them.")
