"""Columns of a table that say which rows belong together and which come first, or that may."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import column_types
from kreg.data.cells import is_numeric
from kreg.data.column_types import FEW
from kreg.data.preprocessing import texts

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class Grouping:
    """What groups and orders the rows; see the fields of `Raw` of these names.

    Args:
        group: Rows of one value stay in one split, `(rows,)`, or `None`.
        time: What orders the rows, `(rows,)`, or `None`.
        suspects: Columns that may be groups, each `(rows,)`.
        sentences: What is to be said about them.
    """

    group: NDArray[Any] | None = None
    time: NDArray[Any] | None = None
    suspects: dict[str, NDArray[Any]] = dataclasses.field(default_factory=dict)
    sentences: list[str] = dataclasses.field(default_factory=list)

    def take(self, rows: NDArray[np.int64]) -> "Grouping":
        """That of these rows."""
        return dataclasses.replace(
            self,
            group=None if self.group is None else self.group[rows],
            time=None if self.time is None else self.time[rows],
            suspects={name: values[rows] for name, values in self.suspects.items()},
        )


def grouping_of(
    frame: "pd.DataFrame",
    group: str | None,
    time: str | None,
    *,
    types: Mapping[str, str] = MappingProxyType({}),
    unsuspected: set[str | None],
) -> Grouping:
    """What the columns of a table say.

    Args:
        frame: The table.
        group: Name of the column of groups, or `None`.
        time: Name of the column of times, or `None`.
        types: As in `table.from_frame`.
        unsuspected: Columns that are no groups: targets, say.

    Raises:
        ValueError: If the times are neither numbers nor dates, or some are missing.
    """
    return Grouping(
        None if group is None else texts(frame[group]),
        None if time is None else _times(frame[time], time, types.get(time)),
        _suspects(frame, {*unsuspected, time}),
        _ungrouped(frame, group),
    )


def is_identifier(series: "pd.Series[Any]") -> bool:
    """A text column with another value in every row names the row and teaches nothing."""
    return not is_numeric(series) and len(series) > FEW and series.nunique() == len(series)


def _suspects(frame: "pd.DataFrame", without: set[str | None]) -> dict[str, NDArray[Any]]:
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
    reading = column_types.best_reading(series, wanted)
    if reading is None or len(reading.odd):
        shown = column_types.words(series if reading is None else reading.odd)
        raise ValueError(f"data.time: column {name!r} holds neither numbers nor dates: {shown}.")
    return reading.values


def _ungrouped(frame: "pd.DataFrame", group: str | None) -> list[str]:
    """A sentence about rows of which nobody says the group."""
    absent = 0 if group is None else int(frame[group].isna().sum())
    if not absent:
        return []
    return [f"{absent} rows have no value in {group!r}; they stay together, as one group."]
