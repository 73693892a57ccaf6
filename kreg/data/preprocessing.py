"""What is fitted on the training rows and kept with a run as plain numbers: for new rows, too.

`Standard` scales the columns of an array. `Columns` turns the mixed columns of a frame into
float32, fitted by scikit-learn: a numeric column is filled with the training median and
standardised; where training rows miss values, a column `<name> missing` is added. A date is a
number of days, with the further columns of `kreg.data.dates`. A categorical column becomes one 0/1
column a level; the levels beyond `max_categories` (the rarest) and those never seen in training
share `<name>=other`.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg import check
from kreg.data import cells, dates
from kreg.data.cells import is_numeric

if TYPE_CHECKING:
    import pandas as pd

MISSING = "missing"
OTHER = "other"


def numbered_columns(x: Any) -> list[str]:
    """What the columns of a table of numbers are called that nobody has named, as in scikit-learn.

    >>> numbered_columns(np.zeros((5, 3))), numbered_columns(np.zeros((5, 8, 8, 1)))
    (['x0', 'x1', 'x2'], [])
    """
    return [f"x{i}" for i in range(x.shape[1])] if len(x.shape) == 2 else []


class Fitted(Protocol):
    """Rows of a source to float32 arrays, with the numbers of the training rows.

    It may have `names`, of the features, and `to_dict`, which a run keeps.
    """

    def __call__(self, rows: Any, /) -> NDArray[np.float32]: ...


@dataclasses.dataclass
class Standard:
    """`(x - mean) / scale` a column; a constant column keeps scale 1."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    names: list[str]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None

    @classmethod
    def fit(cls, x: ArrayLike, names: Iterable[str] = ()) -> "Standard":
        """Mean and population standard deviation of the rows of `x`, in float64, and the range."""
        rows = np.asarray(x, np.float64)
        mean, scale = rows.mean(axis=0), rows.std(axis=0)
        constant = scale <= 1e-12 * np.maximum(np.abs(mean), 1.0)
        ends = (rows.min(axis=0), rows.max(axis=0)) if len(rows) else (None, None)
        return cls(mean, np.where(constant, 1.0, scale), list(names), *ends)

    def __call__(self, x: ArrayLike, /) -> NDArray[np.float32]:
        return ((np.asarray(x, np.float64) - self.mean) / self.scale).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: what the run directory keeps."""
        return {
            "kind": "standard",
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "names": self.names,
            **({} if self.low is None else {"low": self.low.tolist()}),
            **({} if self.high is None else {"high": self.high.tolist()}),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Standard":
        """Of an earlier version, too: it has kept no range."""
        ends = (np.asarray(saved[k]) if k in saved else None for k in ("low", "high"))
        mean, scale = np.asarray(saved["mean"]), np.asarray(saved["scale"])
        return cls(mean, scale, list(saved["names"]), *ends)


@dataclasses.dataclass
class Columns:
    """A fitted encoder: `columns(frame) -> (rows, features)` float32, with `names`.

    Args:
        numeric: `{"name", "median", "mean", "scale", "indicator"}` for each numeric column, its
            range `"low"` and `"high"` where training rows have values, its `"notation"` (see
            `kreg.data.cells`) where the numbers stood as text, and of dates the `"circles"` and
            `"weekdays"` that are features, too (see `kreg.data.dates`).
        categorical: `{"name", "levels", "other"}` for each categorical column.
        merged: How many levels of a column share `<name>=other`, where some do; not kept.
    """

    numeric: list[dict[str, Any]]
    categorical: list[dict[str, Any]]
    merged: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)

    @classmethod
    def fit(
        cls,
        frame: "pd.DataFrame",
        max_categories: int = 100,
        notations: Mapping[str, str] = MappingProxyType({}),
        date_parts: bool = True,
    ) -> "Columns":
        """Fit on the training rows of a pandas frame.

        Args:
            frame: The rows.
            max_categories: Levels of a categorical column that get a column each.
            notations: How numbers and dates are written; they are kept for new rows.
            date_parts: Whether seasons, weekdays and hours of dates are features.
        """
        numbers = [name for name in frame.columns if is_numeric(frame[name])]
        others = [name for name in frame.columns if name not in numbers]
        numeric = _fit_numeric(frame[numbers]) if numbers else []
        for column in numeric:
            if column["name"] in notations:
                column["notation"] = notations[column["name"]]
                if date_parts and cells.is_date(column["notation"]):
                    column |= _fit_dates(_values(frame, column))
        fitted = [_fit_levels(name, frame[name], max_categories) for name in others]
        merged = {column["name"]: rare for column, rare in fitted if rare}
        return cls(numeric, [column for column, _ in fitted], merged)

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.features]

    @property
    def features(self) -> list[tuple[str, str]]:
        """The column of the table that each feature comes from, and the feature's name."""
        return features_of(self.numeric, self.categorical)

    def __call__(self, frame: "pd.DataFrame", /) -> NDArray[np.float32]:
        """The columns of a frame as float32; a frame without one of them is refused."""
        known = [column["name"] for column in self.numeric + self.categorical]
        absent = [name for name in known if name not in frame.columns]
        if absent:
            raise ValueError(f"The table lacks the columns {absent} that the model was trained on.")
        read = [(column, _values(frame, column)) for column in self.numeric]
        parts = [_standard(values, column) for column, values in read]
        parts += [_absent(values) for column, values in read if column["indicator"]]
        parts += [dates.features(values, column) for column, values in read]
        parts += [_one_hot(frame[column["name"]], column) for column in self.categorical]
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: what the run directory keeps."""
        return {"kind": "columns", "numeric": self.numeric, "categorical": self.categorical}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Columns":
        return cls(saved["numeric"], saved["categorical"])


def features_of(
    numeric: Sequence[Mapping[str, Any]], categorical: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """The column and the name of each feature, in the order in which a model reads them.

    Args:
        numeric, categorical: As `Columns` has them.

    >>> features_of([{"name": "age", "indicator": True}],
    ...             [{"name": "job", "levels": ["cook"], "other": True}])
    [('age', 'age'), ('age', 'age missing'), ('job', 'job=cook'), ('job', 'job=other')]
    """
    found = [(column["name"], column["name"]) for column in numeric]
    found += [(c["name"], f"{c['name']} {MISSING}") for c in numeric if c["indicator"]]
    found += [(column["name"], name) for column in numeric for name in dates.names(column)]
    for column in categorical:
        levels = [*column["levels"], *([OTHER] if column["other"] else [])]
        found += [(column["name"], f"{column['name']}={level}") for level in levels]
    return found


def numbers(series: "pd.Series[Any]", notation: str = cells.POINT) -> NDArray[np.float64]:
    """A column of numbers as float64, missing values as NaN."""
    return cells.read(series, notation)


def _fit_numeric(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    values = np.column_stack([numbers(frame[name]) for name in frame.columns])
    imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(values)
    scaler = StandardScaler().fit(imputer.transform(values))
    return [
        {
            "name": str(name),
            "median": float(imputer.statistics_[i]) if np.isfinite(imputer.statistics_[i]) else 0.0,
            "mean": float(scaler.mean_[i]),
            "scale": float(scaler.scale_[i]),
            "indicator": bool(np.isnan(values[:, i]).any()),
            **_range(values[:, i]),
        }
        for i, name in enumerate(frame.columns)
    ]


def _fit_dates(days: NDArray[np.float64]) -> dict[str, Any]:
    seen = dates.Seen()
    seen.add(days)
    return seen.facts()


def _range(values: NDArray[np.float64]) -> dict[str, float]:
    known = values[np.isfinite(values)]
    return {"low": float(known.min()), "high": float(known.max())} if len(known) else {}


def _fit_levels(
    name: str, series: "pd.Series[Any]", max_categories: int
) -> tuple[dict[str, Any], int]:
    """A column of categories, and how many levels are too rare for a feature of their own."""
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(max_categories=max_categories, handle_unknown="infrequent_if_exist")
    encoder.fit(texts(series)[:, None])
    rare = encoder.infrequent_categories_[0]
    rare = set() if rare is None else set(rare.tolist())
    levels = [level for level in encoder.categories_[0].tolist() if level not in rare]
    return {"name": str(name), "levels": levels, "other": bool(rare)}, len(rare)


def texts(series: "pd.Series[Any]") -> NDArray[np.object_]:
    """A column as strings, with one word for every missing value."""
    return cells.as_categories(series).where(series.notna(), MISSING).to_numpy(object)


def _standard(values: NDArray[np.float64], column: dict[str, Any]) -> NDArray[np.float64]:
    filled = np.where(np.isnan(values), column["median"], values)
    return ((filled - column["mean"]) / column["scale"])[:, None]


def _absent(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.isnan(values).astype(np.float64)[:, None]


def _values(frame: "pd.DataFrame", column: dict[str, Any]) -> NDArray[np.float64]:
    return numbers(frame[column["name"]], column.get("notation", cells.POINT))


def _one_hot(series: "pd.Series[Any]", column: dict[str, Any]) -> NDArray[np.float64]:
    levels = column["levels"]
    number = {level: i for i, level in enumerate(levels)}
    codes = np.array([number.get(text, len(levels)) for text in texts(series)], int)
    return np.eye(len(levels) + 1)[codes][:, : len(levels) + column["other"]]


KINDS: dict[str, type[Standard] | type[Columns]] = {"standard": Standard, "columns": Columns}


def from_dict(saved: dict[str, Any]) -> Standard | Columns:
    """The fitted object that `to_dict` described: call it with rows, get float32 features.

    >>> import json
    >>> fitted = Standard.fit([[0.0], [2.0]], ["x"])
    >>> from_dict(json.loads(json.dumps(fitted.to_dict())))([[3.0]]).tolist()
    [[2.0]]
    """
    return KINDS[check.choice("kind", saved.get("kind"), KINDS)].from_dict(saved)
