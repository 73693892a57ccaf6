"""What people write into the cells of a table: numbers with signs, dates.

How the cells of a column are read has a name, the *notation*, which the fitted preprocessing keeps,
so that new rows are read alike: `"1,234.5"` for numbers with a decimal point, `"1.234,5"` for those
with a decimal comma, or the format of its dates (`"%d/%m/%Y"`, `"ISO8601"`). Dates become days
since 1970. A number may carry a currency, a per cent sign (`5%` is 0.05), groups of digits, or the
brackets that accountants write for a minus.
"""

import itertools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

POINT, COMMA = "1,234.5", "1.234,5"
ISO = "ISO8601"
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
    codes, texts = distinct(column)
    values = _numbers(texts, notation) if notation in NUMBERS else days(texts, notation)
    return np.append(values, np.nan)[codes]


def stored_as(column: "pd.Series[Any]") -> str:
    """What the cells of a column are as they stand in the user's table.

    One of `"bool"`, `"integer"` (also with gaps), `"number"`, `"date"`, `"text"`.

    >>> import pandas as pd
    >>> stored_as(pd.Series([1.0, None])), stored_as(pd.Series([0.5])), stored_as(pd.Series(["1"]))
    ('integer', 'number', 'text')
    """
    kind = {"b": "bool", "i": "integer", "u": "integer", "f": "number", "M": "date"}
    found = kind.get(column.dtype.kind, "text")
    whole = found == "number" and bool((column.dropna() % 1 == 0).all())
    return "integer" if whole else found


def is_numeric(column: "pd.Series[Any]") -> bool:
    return column.dtype.kind in "biuf"


def distinct(column: "pd.Series[Any]") -> "tuple[NDArray[np.intp], pd.Series[Any]]":
    """The place of each cell among the different ones (-1: missing), and these."""
    import pandas as pd

    codes, cells = pd.factorize(as_categories(column) if is_numeric(column) else column)
    return codes, pd.Series(cells)


def _numbers(cells: Iterable[object], notation: str) -> Values:
    return np.array([number(str(cell), notation) for cell in cells], np.float64)


def is_date(notation: str) -> bool:
    """Whether cells of this notation are dates.

    >>> is_date("%d/%m/%Y"), is_date(POINT)
    (True, False)
    """
    return notation not in NUMBERS


def day(value: float) -> str:
    """The date of a number of days since 1970.

    >>> day(19723.5)
    '2024-01-01'
    """
    return str(np.datetime64(0, "D") + int(value // 1))


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


def days(cells: "pd.Series[Any]", notation: str) -> Values:
    """Dates of a format as days since 1970; NaN where a cell is none."""
    import pandas as pd

    dates = pd.to_datetime(cells, format=notation, errors="coerce", utc=True)
    since = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return since.to_numpy().astype(np.float64)
