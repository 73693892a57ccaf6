"""Cells of a block of rows, of the kind that the column has elsewhere.

A block has fewer rows than its table, and may look otherwise: a column of words whose words are all
digits, of numbers that are all whole, of truths with a gap.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from kreg.data import cells

if TYPE_CHECKING:
    import pandas as pd

TRUTH = {"true": True, "false": False}


def as_number(series: "pd.Series[Any]", kind: str | None) -> "pd.Series[Any]":
    """A numeric column; truths are 1 and 0 there, also as words."""
    if kind != "bool" or cells.is_numeric(series):
        return series
    return each(series, lambda cell: float(truth) if (truth := _truth(cell)) is not None else cell)


def as_level(series: "pd.Series[Any]", kind: str | None) -> "pd.Series[Any]":
    """A categorical column as text, written as its levels are."""
    write = {"bool": _bool_text, "integer": _whole_text, "number": _number_text}.get(kind or "")
    return series if write is None else each(series, write)


def each(series: "pd.Series[Any]", change: Any) -> "pd.Series[Any]":
    """Every cell that is not missing, changed; each different one once."""
    import pandas as pd

    codes, different = pd.factorize(series.astype(object))
    changed = np.array([*map(change, different), None], object)
    return pd.Series(changed[codes], series.index, dtype=object)


def _truth(cell: object) -> bool | None:
    return TRUTH.get(str(cell).strip().casefold())


def _bool_text(cell: object) -> str:
    truth = _truth(cell)
    return str(cell if truth is None else truth)


def _whole_text(cell: object) -> str:
    number = _float(cell)
    return str(int(number)) if number is not None and number % 1 == 0 else str(cell)


def _number_text(cell: object) -> str:
    number = _float(cell)
    return str(cell) if number is None else str(number)


def _float(cell: Any) -> float | None:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
