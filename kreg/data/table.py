"""A pandas frame as the rows of a source: target, features, and what orders or groups them."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check
from kreg.data import column_types
from kreg.data.cells import is_numeric, stored_as
from kreg.data.checks import MAX_ROWS
from kreg.data.column_types import FEW, Understood
from kreg.data.dataset import Raw
from kreg.data.dates import PARTS
from kreg.data.grouping import grouping_of, is_identifier
from kreg.data.own_splits import TEST, TRAIN, in_roles, roles_of, with_test_rows
from kreg.data.preprocessing import Columns, numbers
from kreg.data.targets import read_targets

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 20_000
WORDS = 5  # in most cells of a column of free text; names and addresses of categories have fewer
COUNTER = re.compile(r"unnamed: \d+|id|index|row")  # a column of this name may count the rows


def from_frame(
    frame: "pd.DataFrame",
    target: str | Sequence[str],
    *,
    name: str,
    task: str = "auto",
    label_separator: str | None = None,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    types: Mapping[str, str] = MappingProxyType({}),
    test: "pd.DataFrame | None" = None,
    split: str | None = None,
    max_categories: int = 100,
    dates: str = PARTS,
    untyped: bool = False,
    comma: bool = False,
) -> Raw:
    """The rows of a pandas frame.

    Args:
        frame: One row an example.
        target: Name of the target column, or a list of several.
        name: What the data set is called.
        task, label_separator: As in `targets.read_targets`.
        group: Column whose rows stay together in a split; no feature.
        time: Column that orders the rows; no feature.
        drop: Further columns that are no features.
        types: `{column: type}`, `"number"`, `"category"`, `"date"`, `"drop"` or the format of its
            dates; the other columns are what their cells look like.
        test: Test rows with the same columns, or `None`.
        split: Column that says `train`, `validation` or `test` (see `ROLES`); no feature.
        max_categories: Levels of a categorical column that get a column each.
        dates: `"parts"`: seasons, weekdays and hours of dates are features; `"days"`: the number of
            days alone.
        untyped, comma: As in `column_types.understand`.
    """
    frame.columns = [str(column) for column in frame.columns]
    rows, wanted = len(frame), [target] if isinstance(target, str) else list(target)
    if test is not None:
        frame = with_test_rows(frame, test, name, {*drop, split})
    drop = [*drop, *(column for column, type_ in types.items() if type_ == "drop")]
    named = {"data.group": group, "data.time": time, "data.split": split}
    check_frame(frame, name, wanted, named, drop, types)
    roles = np.repeat([TRAIN, TEST], [rows, len(frame) - rows])
    if split is not None:
        roles = roles_of(frame[split], name, own_test=test is not None, rows=rows)
    without = {*wanted, *drop, *filter(None, named.values())}
    cells = {"untyped": untyped, "comma": comma}
    try:
        truth = read_targets(frame[wanted], task, types, label_separator=label_separator, **cells)
        found = features(frame.drop(columns=list(without)), types, rows, **cells)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if not found.frame.shape[1]:
        raise ValueError(f"{name}: no feature column is left beside {_listed(wanted)}.")
    known = {*wanted, split, *found.notations}
    grouping = grouping_of(frame, group, time, types=types, unsuspected=known)
    sentences = truth.sentences + found.sentences + grouping.sentences
    stored = {name: stored_as(frame[name]) for name in [*found.frame, *wanted]}
    raw = Raw(
        name=name,
        x=found.frame,
        y=truth.y,
        task=truth.task,
        class_names=truth.class_names,
        target_names=truth.target_names,
        group=grouping.group,
        time=grouping.time,
        preprocess=lambda rows: Columns.fit(rows, max_categories, found.notations, dates == PARTS),
        suspects=grouping.suspects,
        reading=reading(stored, wanted, label_separator, comma),
        warnings=[f"{name}: {sentence}" for sentence in sentences],
    )
    return raw if (roles == TRAIN).all() else in_roles(raw, roles)


def features(
    frame: "pd.DataFrame", types: Mapping[str, str], rows: int, *, untyped: bool, comma: bool
) -> Understood:
    """The columns to learn from, without those that only count or name the first `rows` rows."""
    counters = [c for c in frame if c not in types and counts_rows(frame[c][:rows])]
    frame, notations, sentences = column_types.understand(
        frame.drop(columns=counters), types, untyped=untyped, comma=comma
    )
    names = [c for c in frame if c not in types and is_identifier(frame[c])]
    frame = frame.drop(columns=names)
    _refuse_infinite(frame)
    _refuse_free_text(frame.drop(columns=[c for c in frame if c in types]))
    sentences += [f"column {c!r} counts the rows; left out." for c in counters]
    sentences += [f"column {c!r} differs in every row; left out." for c in names]
    return Understood(frame, notations, sentences)


def reading(
    columns: dict[str, str], target: list[str], label_separator: str | None, comma: bool
) -> dict[str, Any]:
    """How a finished run reads new rows of such a table."""
    return {
        "kind": "table",
        "columns": columns,
        "target": target,
        "label_separator": label_separator,
        "comma": comma,
    }


def _listed(target: Sequence[str]) -> str:
    return f"the target{'s'[: len(target) - 1]} {', '.join(map(repr, target))}"


def counts_rows(series: "pd.Series[Any]") -> bool:
    """A column without a name, or called id, index or row, that counts 0, 1, 2, ... or 1, 2, ..."""
    if not COUNTER.fullmatch(str(series.name).casefold()) or series.dtype.kind not in "iu":
        return False
    values = series.to_numpy()
    return values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def check_frame(
    frame: "pd.DataFrame",
    name: str,
    target: Sequence[str],
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
    lists = [("data.target", column) for column in target]
    lists += [("data.drop", column) for column in drop] + [("data.types", c) for c in types]
    for key, column in [*named.items(), *lists]:
        if column is not None:
            check.choice(key, column, frame.columns)


def is_free_text(series: "pd.Series[Any]") -> bool:
    """A text column of which most cells differ, and most have `WORDS` words or more."""
    cells = series.dropna()
    if is_numeric(series) or len(cells) <= FEW or cells.nunique() <= len(cells) / 2:
        return False
    return bool(cells.astype(str).str.count(r"\S+").median() >= WORDS)


def _refuse_free_text(frame: "pd.DataFrame") -> None:
    for column in frame.columns:
        if is_free_text(frame[column]):
            raise ValueError(
                f"column {column!r} holds free text: {frame[column].nunique():,} different cells, "
                f"most of {WORDS} words or more. kreg learns from numbers, dates and categories. "
                f"Leave it out with data.drop=[{column}], or make numbers of it first."
            )


def _refuse_infinite(frame: "pd.DataFrame") -> None:
    for column in frame.columns:
        if is_numeric(frame[column]) and np.isinf(numbers(frame[column])).any():
            raise ValueError(f"column {column!r} holds infinite values. Replace them.")
