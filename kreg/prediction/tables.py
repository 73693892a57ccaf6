"""Rows of a table as a run's preprocessing wants them: the columns, and what their cells are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data import cells
from kreg.data.preprocessing import numbers, texts
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5
TRUTH = {"true": True, "false": False}
NOTHING = "all values are missing"


def refuse_lacking(kept: Kept, columns: Iterable[str], what: str, also: Iterable[str] = ()) -> None:
    """Refuse a table that has not all columns.

    Args:
        kept: The run.
        columns: What there is.
        what: The table's name.
        also: Columns that are needed beside the features: the target's.

    Raises:
        ValueError: With the names that are missing, and the nearest one that is there.
    """
    there = list(columns)
    lacking = [name for name in (*kept.features, *also) if name not in there]
    if not lacking:
        return
    more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
    shown = ", ".join(map(repr, lacking[:NAMED]))
    advice = check.did_you_mean(lacking[0], set(there) - set(kept.features))
    raise ValueError(
        f"{what} lacks the column{'s'[: len(lacking) - 1]} {shown}{more} that the model was "
        f"trained on; it has {', '.join(map(repr, there[:NAMED]))}"
        f"{', ...' if len(there) > NAMED else ''}. {advice}".rstrip()
    )


def typed(frame: "pd.DataFrame", kept: Kept) -> "pd.DataFrame":
    """The features alone, with cells of the kind that the training rows had.

    A block of a file has fewer rows than a training, and may look otherwise: a column of words
    whose words are all digits, of numbers that are all whole, of truths with a gap.
    """
    known = kept.reading.get("columns", {})
    categories = {column["name"] for column in kept.categorical}
    found = {
        name: as_level(frame[name], known.get(name))
        if name in categories
        else as_number(frame[name], known.get(name))
        for name in kept.features
    }
    import pandas as pd

    return pd.DataFrame(found, index=frame.index)


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


def examine(frame: "pd.DataFrame", kept: Kept, findings: Findings) -> NDArray[np.bool_]:
    """Count what is unusual; returns which rows have no value at all, `(rows,)`."""
    empty = np.ones(len(frame), bool)
    for column in kept.numeric:
        series = frame[column["name"]]
        values = numbers(series, column.get("notation", cells.POINT))
        empty &= np.isnan(values)
        findings.numbers(column, series, values)
    for column in kept.categorical:
        series = frame[column["name"]]
        empty &= series.isna().to_numpy()
        findings.levels(column, texts(series))
    return empty
