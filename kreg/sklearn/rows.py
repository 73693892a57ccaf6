"""What scikit-learn hands to `fit` and `predict`, as the rows that kreg trains on and predicts."""

import numbers
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from kreg.data.cells import ISO
from kreg.data.dataset import Raw, classes_task
from kreg.data.dates import PARTS
from kreg.data.preprocessing import Columns
from kreg.data.table import MAX_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3  # rows: one of them validates
Array = NDArray[Any]


def inputs(estimator: BaseEstimator, x: Any, reset: bool) -> "pd.DataFrame | Array":
    """A table as a frame, or pictures as an array; `n_features_in_` and names are set or compared.

    Args:
        estimator: Whose rows they are.
        x: A frame, an array `(rows, columns)`, or pictures `(rows, h, w)` or `(rows, h, w, c)`.
        reset: Whether the estimator is being fitted.

    Raises:
        ValueError: If the rows are no table and no pictures, or not those of `fit`.
    """
    fewest = FEWEST if reset else 1
    if hasattr(x, "to_pandas"):
        x = x.to_pandas()
    if hasattr(x, "iloc") and hasattr(x, "columns"):
        validate_data(estimator, x, reset=reset, skip_check_array=True)
        return frame(x, names_of(estimator), fewest)
    found = validate_data(
        estimator,
        x,
        reset=reset,
        allow_nd=True,
        ensure_all_finite="allow-nan",
        ensure_min_samples=fewest,
    )
    if found.ndim == 2:
        import pandas as pd

        return pd.DataFrame(found, columns=names_of(estimator))
    return pictures(found)


def names_of(estimator: BaseEstimator) -> list[str]:
    """What the columns are called: by the frame of `fit`, else by their place."""
    places = [f"x{i}" for i in range(estimator.n_features_in_)]
    return [str(name) for name in getattr(estimator, "feature_names_in_", places)]


def frame(table: "pd.DataFrame", names: list[str], fewest: int = 1) -> "pd.DataFrame":
    """The columns of a frame as their types say: numbers, days since 1970, or categories.

    Args:
        table: The frame.
        names: What its columns are called.
        fewest: Rows that there must be.
    """
    import pandas as pd

    if len(table) < fewest:
        raise ValueError(f"X has {len(table)} samples; at least {fewest} are needed.")
    if not 0 < table.shape[1] <= MAX_COLUMNS:
        raise ValueError(f"X has {table.shape[1]} columns; 1 to {MAX_COLUMNS:,} are possible.")
    columns = {name: as_typed(name, table.iloc[:, i]) for i, name in enumerate(names)}
    return pd.DataFrame(columns).reset_index(drop=True)


def notations(estimator: BaseEstimator, x: Any) -> dict[str, str]:
    """How the dates of a frame are written, by the names of `names_of`: their dtype says it."""
    if hasattr(x, "to_pandas"):
        x = x.to_pandas()
    if not hasattr(x, "dtypes"):
        return {}
    kinds = zip(names_of(estimator), x.dtypes, strict=True)
    return {name: ISO for name, found in kinds if is_dates(found)}


def is_dates(dtype: Any) -> bool:
    """Whether a column of this type holds dates: points of time, or months, quarters, years."""
    import pandas as pd

    return isinstance(dtype, pd.PeriodDtype) or getattr(dtype, "kind", "O") == "M"


def as_typed(name: str, column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as numbers or as categories, by its dtype alone.

    Raises:
        ValueError: If the dtype is neither, or a number is infinite.
    """
    import pandas as pd

    kind = getattr(column.dtype, "kind", "O")
    if is_dates(column.dtype):
        first = column.dt.to_timestamp() if kind != "M" else column  # of a period, its first moment
        days = pd.to_datetime(first, utc=True) - pd.Timestamp(0, tz="UTC")
        return (days / pd.Timedelta(days=1)).astype(np.float64)
    if kind == "m":
        return pd.Series(column.to_numpy() / np.timedelta64(1, "D"), column.index)
    if kind not in "biufOUS":
        raise ValueError(f"Column {name!r} of X is of type {column.dtype}: no numbers, no text.")
    if kind == "O" and column.dtype == object and holds_numbers(column):
        column, kind = pd.to_numeric(column), "f"
    if kind in "biuf":
        found = pd.Series(column.to_numpy(np.float64, na_value=np.nan), column.index)
        if np.isinf(found).any():
            raise ValueError(f"Column {name!r} of X holds infinity. Replace it.")
        return found
    return column


def holds_numbers(column: "pd.Series[Any]") -> bool:
    """Whether a column of Python objects holds numbers and gaps alone."""
    known = column.dropna()
    return bool(len(known)) and all(isinstance(cell, numbers.Real) for cell in known)


def pictures(x: Array) -> Array:
    """Pictures as bytes or float32, with their channels."""
    if x.ndim not in (3, 4):
        raise ValueError(f"X must be a table or pictures (rows, h, w, c), not of shape {x.shape}.")
    x = x[..., None] if x.ndim == 3 else x
    if x.dtype == np.uint8:
        return x
    if not np.isfinite(x).all():
        raise ValueError("Input X contains NaN or infinity; pictures have no missing pixels.")
    return x.astype(np.float32)


def targets(estimator: BaseEstimator, x: Any, y: Any, **how: Any) -> Array:
    """The targets as an array, finite and one for each row of `x`.

    Raises:
        ValueError: If there are none, or others; if numbers are asked for and dates are given.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    kind = getattr(getattr(y, "dtype", None), "kind", "O")
    if how.get("dtype") is np.float64 and kind in "mM":
        raise ValueError(
            f"y holds {'dates' if kind == 'M' else 'lengths of time'} ({y.dtype}); a regression "
            "predicts numbers. Give it some of a unit: "
            + (
                "(y - y.min()) / np.timedelta64(1, 'D')"
                if kind == "M"
                else "y / np.timedelta64(1, 'D')"
            )
            + " are days."
        )
    found: Array = check_array(y, ensure_2d=False, ensure_min_samples=0, input_name="y", **how)
    check_consistent_length(x, found)
    return found


def weights(x: Any, sample_weight: Any) -> Array | None:
    """One weight >= 0 a row, not all of them zero; `None` where all rows count alike."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(len(x), sample_weight)
    found: Array = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if found.shape != (len(x),):
        raise ValueError(f"sample_weight has shape {found.shape}, but X has {len(x)} rows.")
    if (found < 0).any():
        raise ValueError("sample_weight holds a negative number. A weight is a number from 0 on.")
    if not found.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return found


def raw(
    x: "pd.DataFrame | Array",
    y: Array,
    weight: Array | None,
    options: object,
    *,
    task: str,
    class_names: Sequence[str] = (),
    target_names: Sequence[str] = (),
    written: Mapping[str, str] = MappingProxyType({}),
) -> Raw:
    """Rows as a source of kreg's has them; those of no weight are left out, as if they never were.

    Args:
        x: A frame of `inputs`, or pictures.
        y: Class ids, numbers, or labels of 0 and 1.
        weight: Of `weights`.
        task: `"classes"`, `"multilabel"` or `"regression"`.
        options: The checked `data` group; its `max_categories` levels of a text column get a column
            each.
        class_names: Of the ids, in their order.
        target_names: Of several targets or labels.
        written: Of `notations`.
    """
    if weight is not None and (weight == 0).any():
        kept = np.flatnonzero(weight)
        y, weight = y[kept], weight[kept]
        x = x.iloc[kept].reset_index(drop=True) if hasattr(x, "iloc") else x[kept]
    if task == "classes" and (held := len(np.unique(y))) < 2:
        raise ValueError(f"y holds {held} class; a classifier needs two classes or more.")
    table, most = hasattr(x, "iloc"), getattr(options, "max_categories", 100)
    parts = getattr(options, "dates", PARTS) == PARTS
    return Raw(
        name="given",
        x=x,
        y=y,
        task=classes_task(len(class_names)) if task == "classes" else task,
        class_names=list(class_names),
        target_names=list(target_names),
        weight=weight,
        is_image=not table,
        preprocess=(lambda rows: Columns.fit(rows, most, written, parts)) if table else None,
    )
