"""What preprocessing needs of the training rows on the disk: one pass, in memory that is bounded.

Means, deviations, ranges and how often each level comes are exact. A median is of
`MEDIAN_ROWS` rows at even distances: exact where there are no more, else its rank is off by a sixth
of a per cent or so.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.dates import Seen
from kreg.data.disk.form import TableForm
from kreg.data.disk.rows import StoredRows
from kreg.data.preprocessing import Columns, Standard

MEDIAN_ROWS = 100_000  # whose medians fill gaps

Floats = NDArray[np.float64]


@dataclasses.dataclass
class Moments:
    """Count, mean, sum of squared distances to it, and range of each column; gaps are left out.

    Parts are joined as by Chan, Golub and LeVeque 1979, so that large numbers lose nothing.
    """

    count: Floats
    mean: Floats
    squares: Floats
    low: Floats
    high: Floats

    @classmethod
    def none(cls, columns: int) -> "Moments":
        """Of no rows."""
        count, mean, squares = np.zeros((3, columns))
        return cls(count, mean, squares, np.full(columns, np.inf), np.full(columns, -np.inf))

    def add(self, values: Floats) -> None:
        """Count further rows in, `(rows, columns)`; NaN is a gap."""
        gaps = np.isnan(values)
        low = high = values
        count = np.full(values.shape[1], len(values), np.float64)
        if gaps.any():
            values = np.where(gaps, 0.0, values)
            low, high = np.where(gaps, np.inf, values), np.where(gaps, -np.inf, values)
            count -= gaps.sum(axis=0)
        mean = values.sum(axis=0) / np.maximum(count, 1)
        apart = values - mean
        apart[gaps] = 0.0
        squares = np.square(apart, out=apart).sum(axis=0)
        total = self.count + count
        share = count / np.maximum(total, 1)
        moved = mean - self.mean
        self.squares = self.squares + squares + np.square(moved) * self.count * share
        self.mean = self.mean + moved * share
        self.count = total
        self.low = np.minimum(self.low, low.min(axis=0))
        self.high = np.maximum(self.high, high.max(axis=0))

    def with_gaps(self, fill: Floats, gaps: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation where `gaps` further rows have the value `fill`."""
        total = self.count + gaps
        mean = self.mean + (fill - self.mean) * gaps / np.maximum(total, 1)
        squares = self.squares + self.count * (self.mean - mean) ** 2 + gaps * (fill - mean) ** 2
        return mean, np.sqrt(squares / np.maximum(total, 1))


def columns(
    rows: StoredRows, form: TableForm, max_categories: int, date_parts: bool = True
) -> Columns:
    """`Columns` of the training rows of a table.

    Args:
        rows: They.
        form: What their columns are.
        max_categories, date_parts: As in `Columns.fit`.
    """
    moments = Moments.none(len(form.names))
    counts = [np.zeros(len(known), np.int64) for known in form.levels.values()]
    seen = {i: Seen() for i in form.dates} if date_parts else {}
    for part in rows.parts():
        if form.names:
            numbers = form.numbers_of(part)
            moments.add(numbers)
            for place, days in seen.items():
                days.add(numbers[:, place])
        for place, count in enumerate(counts):
            count += np.bincount(part["i4"][:, place], minlength=len(count))
    numeric = _numeric(form, moments, rows) if form.names else []
    for place, days in seen.items():
        numeric[place] |= days.facts()
    categorical = [
        {"name": name, **_levels(list(known), count, max_categories)}
        for (name, known), count in zip(form.levels.items(), counts, strict=True)
    ]
    rare = {
        column["name"]: int((count > 0).sum()) - len(column["levels"])
        for column, count in zip(categorical, counts, strict=True)
    }
    return Columns(numeric, categorical, {name: count for name, count in rare.items() if count})


def _numeric(form: TableForm, moments: Moments, rows: StoredRows) -> list[dict[str, Any]]:
    gaps = len(rows) - moments.count
    median = _medians(form.numbers_of(rows.spread(MEDIAN_ROWS).stored(slice(None))))
    mean, scale = moments.with_gaps(median, gaps)
    scale = np.where(_constant(mean, scale, len(rows)), 1.0, scale)
    return [
        {
            "name": name,
            "median": float(median[i]),
            "mean": float(mean[i]),
            "scale": float(scale[i]),
            "indicator": bool(gaps[i] > 0),
            **({"low": float(moments.low[i]), "high": float(moments.high[i])}
               if moments.count[i] else {}),
            **({"notation": form.notations[name]} if name in form.notations else {}),
        }
        for i, name in enumerate(form.names)
    ]  # fmt: skip


def _medians(sample: Floats) -> Floats:
    """Of each column without its gaps; 0 where nothing is known."""
    empty = np.isnan(sample).all(axis=0)
    return np.nanmedian(np.where(empty, 0.0, sample), axis=0)


def _constant(mean: Floats, scale: Floats, rows: int) -> NDArray[np.bool_]:
    """Deviations that are rounding errors of a column with one value, as scikit-learn has it."""
    eps = np.finfo(np.float64).eps
    return scale**2 <= rows * eps * scale**2 + (rows * mean * eps) ** 2


def _levels(known: list[str], count: NDArray[np.int64], most: int) -> dict[str, Any]:
    """The levels that get a column, as scikit-learn's `OneHotEncoder` chooses them."""
    order = np.argsort(np.array(known, object), kind="stable")
    order = order[count[order] > 0]
    names = [known[place] for place in order]
    if len(names) <= most:
        return {"levels": names, "other": False}
    kept = np.sort(np.argsort(count[order], kind="stable")[-(most - 1) :])
    return {"levels": [names[place] for place in kept], "other": True}


def standard(rows: StoredRows, names: list[str]) -> Standard:
    """`Standard` of the training rows of an array with two axes."""
    moments = Moments.none(rows.shape[1])
    for part in rows.parts():
        moments.add(np.asarray(part, np.float64))
    scale = np.sqrt(moments.squares / np.maximum(moments.count, 1))
    constant = scale <= 1e-12 * np.maximum(np.abs(moments.mean), 1.0)
    ends = (moments.low, moments.high)
    return Standard(moments.mean, np.where(constant, 1.0, scale), list(names), *ends)
