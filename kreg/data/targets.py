"""The targets of a table: numbers of a regression, classes with their names, or 0/1 labels.

Several columns are several numbers, each a target of one regression, or several labels of 0 and 1
of which a row may have any (multi-label). A single column may also list the labels of its row.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kreg.data import cells, column_types
from kreg.data.cells import is_numeric
from kreg.data.column_types import FEW
from kreg.data.dataset import classes_task
from kreg.data.preprocessing import texts

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 1000


class Truth(NamedTuple):
    """The targets of all rows.

    Args:
        y: Class ids `(rows,)`, float targets `(rows,)` or `(rows, targets)`, or labels of 0 and 1
            `(rows, labels)`.
        task: One of `kreg.data.dataset.TASKS`.
        class_names: Of the ids; none for another task.
        target_names: Of several targets or labels; none for a single target.
        sentences: What is to be said about how they were read.
    """

    y: NDArray[Any]
    task: str
    class_names: list[str]
    target_names: list[str]
    sentences: list[str]


def read_targets(
    frame: "pd.DataFrame",
    task: str,
    types: Mapping[str, str],
    *,
    label_separator: str | None = None,
    untyped: bool,
    comma: bool,
) -> Truth:
    """The target columns of a table.

    Args:
        frame: These columns alone.
        task: `"auto"`, `"classification"` or `"regression"`. `"auto"` sees classes in text, in
            booleans and in whole numbers of at most 20 values; in several columns of 0 and 1,
            labels.
        types: As in `column_types.understand`.
        label_separator: What stands between the labels in one cell, or `None`.
        untyped, comma: As in `column_types.understand`.

    Raises:
        ValueError: If a column is none of these, with one of its cells.
    """
    names = [str(name) for name in frame.columns]
    if label_separator is not None:
        return _listed(frame, label_separator)
    columns, sentences = [], []
    for name in names:
        column, told = _cells(frame[name], task, types.get(name), untyped=untyped, comma=comma)
        _refuse_gaps(column)
        columns.append(column)
        sentences += told
    if len(columns) > 1:
        return _several(columns, task)._replace(sentences=sentences)
    y, classes = _one(columns[0], task)
    found = classes_task(len(classes)) if classes else "regression"
    return Truth(y, found, classes, [], sentences)


def _cells(
    series: "pd.Series[Any]", task: str, wanted: str | None, *, untyped: bool, comma: bool
) -> "tuple[pd.Series[Any], list[str]]":
    """The target as it is, or as the numbers that its cells are."""
    if wanted == "category":
        return cells.as_categories(series), []
    few = task == "auto" and wanted is None and series.nunique() <= FEW
    if is_numeric(series) or task == "classification" or few:
        return series, []
    wanted = wanted or ("number" if task == "regression" and _any_number(series) else None)
    reading = column_types.best_reading(series, wanted, untyped=untyped, comma=comma)
    if reading is None:
        return series, []
    if len(reading.odd):
        raise ValueError(
            f"the target {series.name!r} holds numbers, but also "
            f"{column_types.words(reading.odd)}. Correct or remove these rows, or say "
            "data.task=classification."
        )
    import pandas as pd

    told = column_types.told(series.name, series, reading)
    return pd.Series(reading.values, series.index, name=series.name), [told]


def _any_number(series: "pd.Series[Any]") -> bool:
    return bool(np.isfinite(cells.read(series, cells.POINT)).any())


def _refuse_gaps(series: "pd.Series[Any]") -> None:
    absent = int(series.isna().sum())
    if absent:
        raise ValueError(f"{absent} rows have no value in the target {series.name!r}. Remove them.")


def _one(series: "pd.Series[Any]", task: str) -> tuple[NDArray[Any], list[str]]:
    """`(targets, class names)`; no names where the task is regression."""
    if task == "regression" or (task == "auto" and not looks_like_classes(series)):
        _refuse_text(series)
        return series.to_numpy(np.float64), []
    names, codes = np.unique(
        texts(series) if not is_numeric(series) else series, return_inverse=True
    )
    if len(names) > MOST_CLASSES:
        raise ValueError(
            f"the target {series.name!r} has {len(names)} classes. "
            "Say data.task=regression, or name another target."
        )
    return codes, [str(n) for n in names.tolist()]


def _refuse_text(series: "pd.Series[Any]") -> None:
    if not is_numeric(series):
        raise ValueError(
            f"the target {series.name!r} holds text, not numbers: {texts(series)[0]!r}."
        )


def looks_like_classes(series: "pd.Series[Any]") -> bool:
    """Text, booleans, and whole numbers of few values."""
    if not is_numeric(series) or series.dtype.kind == "b":
        return True
    values = series.unique()
    return len(values) <= FEW and bool((values == np.rint(values)).all())


def are_labels(values: NDArray[Any]) -> bool:
    """Whether all values are 0 or 1, false or true."""
    return values.dtype.kind in "biuf" and bool(np.isin(values, (0, 1)).all())


def _several(columns: "list[pd.Series[Any]]", task: str) -> Truth:
    names = [str(column.name) for column in columns]
    if task != "regression" and all(are_labels(column.to_numpy()) for column in columns):
        return Truth(np.column_stack(columns).astype(np.float32), "multilabel", [], names, [])
    for column in columns:
        if task == "regression":
            _refuse_text(column)
        elif task == "classification" or looks_like_classes(column):
            _refuse_kinds(columns, column)
    return Truth(np.column_stack(columns).astype(np.float64), "regression", [], names, [])


def _refuse_kinds(columns: "list[pd.Series[Any]]", culprit: "pd.Series[Any]") -> None:
    strange = next(c for c in [culprit, *columns] if not are_labels(c.to_numpy()))
    (cell,) = strange[~strange.isin([0, 1])].head(1).tolist()
    raise ValueError(
        f"several targets are all numbers (data.task=regression reads them so) or all labels of 0 "
        f"and 1, but {strange.name!r} holds {cell!r}. For classes of their own train one model "
        "for each target."
    )


def _listed(frame: "pd.DataFrame", separator: str) -> Truth:
    """The labels that stand in the cells of one column; an empty cell has none."""
    column = cells.as_categories(frame.iloc[:, 0]).fillna("")
    if not column.str.contains(separator, regex=False).any():
        raise ValueError(
            f"data.label_separator: {separator!r} stands in no cell of the target "
            f"{column.name!r}, such as {column.iloc[0]!r}."
        )
    rows = [{label.strip() for label in cell.split(separator)} - {""} for cell in column]
    names = sorted(set().union(*rows))
    if len(names) > MOST_CLASSES:
        raise ValueError(f"the target {column.name!r} has {len(names)} labels.")
    y = np.array([[name in row for name in names] for row in rows], np.float32)
    return Truth(y, "multilabel", [], names, [])
