"""Rows of a table as a run's preprocessing wants them: the columns, and what their cells are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kreg import check
from kreg.data import cells
from kreg.data.cells_alike import as_level, as_number
from kreg.data.preprocessing import numbers, texts
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5
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
