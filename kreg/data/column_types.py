"""What a column of a table is: numbers, dates or categories, as its cells look or as is said.

A text column is understood as a whole; see `kreg.data.cells` for how its cells are written.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kreg.data.cells import (
    COMMA,
    CURRENCY,
    DATE_LIKE,
    DATES,
    ISO,
    NUMBERS,
    POINT,
    Values,
    as_categories,
    day,
    days,
    distinct,
    is_numeric,
    read,
)
from kreg.data.options import TYPES

if TYPE_CHECKING:
    import pandas as pd

MOSTLY = 0.95  # of the cells of a column: the others are words among its numbers
FEW = 20  # numbers; a column of at most so many, with words among them, is one of categories
SAMPLE = 50  # cells by which a notation is ruled out
SHOWN = 3  # cells that a sentence shows


class Understood(NamedTuple):
    """A frame whose columns are numbers or categories, how they were written, and what to say."""

    frame: "pd.DataFrame"
    notations: dict[str, str]
    sentences: list[str]


class Reading(NamedTuple):
    """The cells of one column as numbers, NaN where a cell is empty or none."""

    notation: str
    values: Values
    odd: "pd.Series[Any]"

    @property
    def share(self) -> float:
        """Of the cells that are not empty, how many are read."""
        known = int(np.isfinite(self.values).sum())
        return known / max(known + len(self.odd), 1)


def understand(
    frame: "pd.DataFrame", types: Mapping[str, str], *, untyped: bool, comma: bool = False
) -> Understood:
    """Turn each text column whose cells are numbers or dates into a column of numbers.

    Args:
        frame: The features.
        types: `{column: type}`: one of `TYPES`, or the format of its dates.
        untyped: Whether words among the numbers may be a mistake: a CSV file has no types.
        comma: Whether `1,234` alone means 1.234.
    """
    columns: dict[str, Any] = {}
    notations: dict[str, str] = {}
    sentences: list[str] = []
    for name in frame.columns:
        column, wanted = frame[name], types.get(name)
        if wanted == "category":
            columns[name] = as_categories(column)
            continue
        if is_numeric(column) and wanted in (None, "number"):
            continue
        if is_numeric(column):
            _refuse_numbers_as_dates(column, wanted)
            column = as_categories(column)
        reading = best_reading(column, wanted, untyped=untyped, comma=comma)
        if reading is None:
            continue
        if wanted is None and len(reading.odd) and not _many(reading.values):
            sentences.append(_doubt(name, reading))
            continue
        columns[name], notations[name] = reading.values, reading.notation
        if column.dtype.kind != "M":
            sentences.append(told(name, column, reading))
    return Understood(frame.assign(**columns), notations, sentences)


def best_reading(
    column: "pd.Series[Any]", wanted: str | None, *, untyped: bool = True, comma: bool = False
) -> Reading | None:
    """The best reading of a column, or `None` where it is one of categories."""
    if wanted not in (None, *TYPES):
        reading: Reading | None = _reading(column, wanted)
    else:
        reading = _best(column, wanted, comma)
    enough = {None: MOSTLY if untyped else 1.0, "number": 0.0}.get(wanted, 1.0)
    if reading is not None and reading.share >= enough and np.isfinite(reading.values).any():
        return reading
    if wanted is not None:
        _refuse(column, wanted, reading)
    return None


def _best(column: "pd.Series[Any]", wanted: str | None, comma: bool) -> Reading | None:
    if wanted != "date":
        order = (COMMA, POINT) if comma else (POINT, COMMA)
        reading = max((_reading(column, n) for n in order), key=lambda reading: reading.share)
        if wanted == "number" or reading.share >= MOSTLY:
            _one_currency(column)
            return reading if wanted or not _plain(column, reading) else None
    return _best_date(column)


def _reading(column: "pd.Series[Any]", notation: str) -> Reading:
    values = read(column, notation)
    return Reading(notation, values, column[np.isnan(values) & column.notna().to_numpy()])


def _plain(column: "pd.Series[Any]", reading: Reading) -> bool:
    """Whether all cells are bare numbers: who stores these as text means names."""
    import pandas as pd

    return not len(reading.odd) and bool(pd.to_numeric(column, errors="coerce").notna().all())


def _best_date(column: "pd.Series[Any]") -> Reading | None:
    if column.dtype.kind == "M":
        return _reading(column, ISO)
    sample = column.dropna().astype(str).drop_duplicates().head(SAMPLE)
    if not len(sample) or not sample.str.match(DATE_LIKE).mean() >= MOSTLY / 2:
        return None
    possible = [n for n in DATES if np.isfinite(days(sample, n)).mean() >= MOSTLY / 2]
    readings = [_reading(column, notation) for notation in possible]
    if not readings:
        return None
    best = max(readings, key=lambda reading: reading.share)
    rival = next((r for r in readings if r.share == best.share and _differ(r, best)), None)
    if rival and best.share >= MOSTLY:
        raise ValueError(
            f"column {column.name!r}: {_first(column)!r} and every other date may be "
            f"{best.notation} or {rival.notation}. Say which: "
            f"data.types={{{column.name}: '{best.notation}'}}, or write 2024-12-31."
        )
    return best


def _differ(one: Reading, other: Reading) -> bool:
    return not np.array_equal(one.values, other.values, equal_nan=True)


def _one_currency(column: "pd.Series[Any]") -> None:
    """Amounts of two currencies are no numbers of one kind."""
    words = distinct(column)[1].astype(str)
    signs = words.str.extract(f"((?i:{CURRENCY}))", expand=False).str.upper()
    if signs.nunique() > 1:
        first, second = words[~signs.duplicated() & signs.notna()].head(2)
        raise ValueError(
            f"column {column.name!r} mixes currencies: {first!r} and {second!r}. Convert them, or "
            f"say data.types={{{column.name}: category}}."
        )


def _refuse(column: "pd.Series[Any]", wanted: str, reading: Reading | None) -> None:
    odd = column.dropna() if reading is None else reading.odd
    cell = f"{odd.iloc[0]!r} in row {_row(odd)}" if len(odd) else "the column is empty"
    raise ValueError(f"data.types: column {column.name!r} cannot be read as {wanted}: {cell}.")


def _refuse_numbers_as_dates(column: "pd.Series[Any]", wanted: str | None) -> None:
    if wanted == "date":
        raise ValueError(
            f"data.types: column {column.name!r} holds numbers, such as {_first(column)}. Say how "
            f"they are dates: data.types={{{column.name}: '%Y%m%d'}}."
        )


def _many(values: Values) -> bool:
    return len(np.unique(values[np.isfinite(values)])) > FEW


def _first(column: "pd.Series[Any]") -> object:
    return column.dropna().iloc[0]


def _row(odd: "pd.Series[Any]") -> int:
    """Where the first cell stands, the first row below the header being 1."""
    return int(odd.index[0]) + 1


def words(odd: "pd.Series[Any]") -> str:
    """The cells that are no numbers, how many there are, and where the first one stands."""
    different = odd.drop_duplicates()
    shown = ", ".join(f"{word!r}" for word in different.head(SHOWN))
    more = f" and {len(different) - SHOWN} more" if len(different) > SHOWN else ""
    return f"{shown}{more} ({len(odd)} cell{'s' * (len(odd) > 1)}, the first in row {_row(odd)})"


def _doubt(name: str, reading: Reading) -> str:
    return (
        f"column {name!r} has {words(reading.odd)} among few different numbers and is read as "
        f"categories; data.types={{{name}: number}} reads numbers."
    )


def told(name: object, column: "pd.Series[Any]", reading: Reading) -> str:
    if len(reading.odd):
        return (
            f"column {name!r} holds numbers or dates; {words(reading.odd)} is read as a missing "
            f"value. data.types={{{name}: category}} makes every value a category."
        )
    row = int(np.flatnonzero(np.isfinite(reading.values))[0])
    cell, value = column.iloc[row], reading.values[row]
    if reading.notation in NUMBERS:
        return f"column {name!r} is read as numbers: {cell!r} is {value:.12g}."
    return f"column {name!r} is read as dates: {cell!r} is in {day(value)}."
