"""The target of a table: numbers of a regression, or classes with their names."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import cells, column_types
from kreg.data.cells import is_numeric
from kreg.data.column_types import FEW
from kreg.data.preprocessing import texts

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 1000


def target_cells(
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


def targets(series: "pd.Series[Any]", task: str) -> tuple[NDArray[Any], list[str]]:
    """`(targets, class names)`; no names where the task is regression."""
    absent = int(series.isna().sum())
    if absent:
        raise ValueError(f"{absent} rows have no value in the target {series.name!r}. Remove them.")
    if task == "regression" or (task == "auto" and not looks_like_classes(series)):
        if not is_numeric(series):
            raise ValueError(
                f"the target {series.name!r} holds text, not numbers: {texts(series)[0]!r}."
            )
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


def looks_like_classes(series: "pd.Series[Any]") -> bool:
    """Text, booleans, and whole numbers of few values."""
    if not is_numeric(series) or series.dtype.kind == "b":
        return True
    values = series.unique()
    return len(values) <= FEW and bool((values == np.rint(values)).all())
