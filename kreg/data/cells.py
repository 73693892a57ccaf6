"""What people write into the cells of a table: numbers with signs, dates, a word among numbers.

A text column is understood as a whole. How it is read has a name, the *notation*, which the fitted
preprocessing keeps, so that new rows are read alike: `"1,234.5"` for numbers with a decimal point,
`"1.234,5"` for those with a decimal comma, or the format of its dates (`"%d/%m/%Y"`, `"ISO8601"`).
Dates become days since 1970. A number may carry a currency, a per cent sign (`5%` is 0.05), groups
of digits, or the brackets that accountants write for a minus.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kreg.data.options import TYPES

if TYPE_CHECKING:
    import pandas as pd

POINT, COMMA = "1,234.5", "1.234,5"
ISO = "ISO8601"
MOSTLY = 0.95  # of the cells of a column: the others are words among its numbers
FEW = 20  # numbers; a column of at most so many, with words among them, is one of categories
SAMPLE = 50  # cells by which a notation is ruled out
SHOWN = 3  # cells that a sentence shows

CURRENCY = r"[$€£¥₹₽₩]|(?:USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD)(?![A-Z])"
SPACES = "[ '’\u00a0\u202f]"


def _pattern(groups: str, decimal: str) -> re.Pattern[str]:
    """Numbers whose digits stand in `groups`, with a `decimal` sign."""
    grouped = rf"[1-9]\d{{0,2}}{groups}(?!\d)|[1-9]\d{{0,2}}(?:{SPACES}\d{{3}})+(?!\d)"
    return re.compile(
        rf"(?P<bracket>\()?(?P<minus>[-+−]?)\s*(?:{CURRENCY})?\s*(?P<second>[-+−]?)"
        rf"(?P<digits>(?:{grouped}|\d+)(?:{decimal}\d*)?|{decimal}\d+)(?P<power>e[-+]?\d+)?"
        rf"\s*(?P<percent>%)?\s*(?:{CURRENCY})?\)?",
        re.IGNORECASE,
    )


NUMBERS = {
    POINT: _pattern(r"(?:,\d{2,3})*,\d{3}", r"\."),  # India writes 12,34,567
    COMMA: _pattern(r"(?:\.\d{3})+", ","),
}

DATE_LIKE = re.compile(r"\d{1,4}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{1,4}|[A-Za-z]{3,9}\.? \d")
DAYS = (
    "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y",
)  # fmt: skip
HOURS = ("", " %H:%M", " %H:%M:%S")
DATES = (ISO, *(day + hour for day, hour in itertools.product(DAYS, HOURS)))

Values = NDArray[np.float64]


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


def as_categories(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The values of a column as text; whole numbers lose the `.0` that a gap gave them."""
    known = column.dropna()
    if column.dtype.kind == "f" and (known % 1 == 0).all() and (known.abs() < 2**53).all():
        column = column.astype("Int64")
    return column.astype(object).where(column.isna(), column.astype(str)).astype(object)


def read(column: "pd.Series[Any]", notation: str) -> Values:
    """A column as numbers in a notation; NaN where a cell is empty or cannot be read.

    >>> import pandas as pd
    >>> read(pd.Series(["$1,250.50", "5%", "unknown"]), "1,234.5").tolist()
    [1250.5, 0.05, nan]
    """
    if column.dtype.kind in ("biuf" if notation in NUMBERS else "f"):  # days are floats
        return column.to_numpy(np.float64, na_value=np.nan)
    codes, texts = _distinct(column)
    values = _numbers(texts, notation) if notation in NUMBERS else _days(texts, notation)
    return np.append(values, np.nan)[codes]


def is_numeric(column: "pd.Series[Any]") -> bool:
    return column.dtype.kind in "biuf"


def _distinct(column: "pd.Series[Any]") -> "tuple[NDArray[np.intp], pd.Series[Any]]":
    """The place of each cell among the different ones (-1: missing), and these."""
    import pandas as pd

    codes, cells = pd.factorize(as_categories(column) if is_numeric(column) else column)
    return codes, pd.Series(cells)


def _numbers(cells: Iterable[object], notation: str) -> Values:
    return np.array([number(str(cell), notation) for cell in cells], np.float64)


def number(text: str, notation: str = POINT) -> float:
    """One cell as a number, NaN where it is none.

    >>> number("1.163,5 €", COMMA)
    1163.5
    """
    found = NUMBERS[notation].fullmatch(text.strip())
    if found is None or (found["bracket"] is not None) != text.strip().endswith(")"):
        return np.nan
    digits = re.sub(f"{SPACES}|{re.escape(notation[1])}", "", found["digits"])
    value = float(digits.replace(",", ".") + (found["power"] or ""))
    minus = {found["minus"], found["second"]} & {"-", "−"} or found["bracket"]
    return (-value if minus else value) / (100 if found["percent"] else 1)


def _days(cells: "pd.Series[Any]", notation: str) -> Values:
    import pandas as pd

    dates = pd.to_datetime(cells, format=notation, errors="coerce", utc=True)
    days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return days.to_numpy().astype(np.float64)


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
    possible = [n for n in DATES if np.isfinite(_days(sample, n)).mean() >= MOSTLY / 2]
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
    cells = _distinct(column)[1].astype(str)
    signs = cells.str.extract(f"((?i:{CURRENCY}))", expand=False).str.upper()
    if signs.nunique() > 1:
        first, second = cells[~signs.duplicated() & signs.notna()].head(2)
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
    day = np.datetime64(0, "D") + int(value // 1)
    return f"column {name!r} is read as dates, in days since 1970: {cell!r} is in {day}."
