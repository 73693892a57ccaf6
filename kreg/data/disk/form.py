"""The columns of a table as records of equal size, and records as what a network reads.

Numbers are stored as they are: as float32 where the column is no finer, else as float64. The cells
of a column of words are numbers of its levels, from 0 in the order in which they came.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import dates
from kreg.data.cells import POINT, is_date
from kreg.data.cells_alike import as_level, as_number
from kreg.data.preprocessing import MISSING, Columns, Fitted, numbers

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 100_000
SHORT = ("float32", "float16", "int8", "uint8", "int16", "uint16", "bool")  # exact as float32
Array = NDArray[Any]


class CellError(ValueError):
    """A cell is not what its column is; the sentence lacks the file's name.

    Args:
        told: The sentence, with `{row}` for the number of the row.
        row: Its place in the block, from 0.
    """

    def __init__(self, told: str, row: int = 0) -> None:
        super().__init__(told)
        self.row = row

    def after(self, rows: int) -> str:
        """The sentence, where so many rows of the file come before the block."""
        return str(self).replace("{row}", f"{rows + self.row + 1:,}")


@dataclasses.dataclass
class TableForm:
    """The feature columns of a table.

    Args:
        names: The columns with numbers, in the order of the table.
        short: Which of them are stored as float32, `(numbers,)`.
        notations: How numbers are written that stand as text; see `kreg.data.cells`.
        loose: Columns that the user has called numbers: cells that are none are missing values.
        kinds: What the cells are in the table, `kreg.data.cells.stored_as`.
        levels: `{column: {level: its number}}` for each column of words.
    """

    names: list[str]
    short: NDArray[np.bool_]
    notations: dict[str, str]
    loose: set[str]
    kinds: dict[str, str]
    levels: dict[str, dict[str, int]]

    @property
    def stored(self) -> np.dtype[Any]:
        """The type of a record."""
        few = int(self.short.sum())
        sizes = {"f8": len(self.names) - few, "f4": few, "i4": len(self.levels)}
        return np.dtype([(kind, f"<{kind}", (size,)) for kind, size in sizes.items() if size])

    @property
    def dates(self) -> list[int]:
        """The places of dates among the columns with numbers."""
        return [i for i, name in enumerate(self.names) if is_date(self.notations.get(name, POINT))]

    def encode(self, frame: "pd.DataFrame") -> Array:
        """A block of rows as records; levels that are new get a number.

        Raises:
            CellError: If a cell does not fit its column, with the column and the row.
        """
        records = np.empty(len(frame), self.stored)
        wide = iter(range(len(self.names)))
        narrow = iter(range(len(self.names)))
        for name, short in zip(self.names, self.short, strict=True):
            kind, place = ("f4", next(narrow)) if short else ("f8", next(wide))
            records[kind][:, place] = self._numbers(frame[name])
        for place, (name, known) in enumerate(self.levels.items()):
            records["i4"][:, place] = self._codes(frame[name], known)
        return records

    def _numbers(self, series: "pd.Series[Any]") -> NDArray[np.float64]:
        name = str(series.name)
        series = as_number(series, self.kinds.get(name))
        values = numbers(series, self.notations.get(name, POINT))
        _refuse(np.isinf(values), series, "is infinite", "Replace it")
        if name not in self.loose:
            odd = np.isnan(values) & series.notna().to_numpy()
            told = f"is no number, as the first rows of the column are: data.types={{{name}: "
            _refuse(odd, series, told + "category} reads words", "or number makes it a gap")
        return values

    def _codes(self, series: "pd.Series[Any]", known: dict[str, int]) -> NDArray[np.int64]:
        import pandas as pd

        codes, cells = pd.factorize(series.astype(object))
        different = as_level(pd.Series(cells, dtype=object), self.kinds.get(str(series.name)))
        found = [known.setdefault(str(cell), len(known)) for cell in different]
        if len(known) > MOST_LEVELS:
            raise CellError(
                f"column {series.name!r} has more than {MOST_LEVELS:,} different words. Leave it "
                f"out with data.drop=[{series.name}]"
            )
        missing = known.setdefault(MISSING, len(known)) if (codes < 0).any() else -1
        return np.array([*found, missing], np.int64)[codes]

    def numbers_of(self, records: Array) -> NDArray[np.float64]:
        """The numeric columns, `(rows, numbers)`; gaps are NaN."""
        if len({*self.short.tolist()}) == 1:  # without a choice of columns it is twice as fast
            return records["f4" if self.short[0] else "f8"].astype(np.float64)
        found = np.empty((len(records), len(self.names)))
        for kind, places in (("f4", self.short), ("f8", ~self.short)):
            if places.any():
                found[:, places] = records[kind]
        return found

    def dtype(self, fitted: Fitted | None) -> np.dtype[Any]:
        return np.dtype(np.float64 if fitted is None else np.float32)

    def shape(self, fitted: Fitted | None) -> tuple[int, ...]:
        return (len(fitted.names) if isinstance(fitted, Columns) else len(self.names),)

    def rows(self, records: Array, fitted: Fitted | None) -> Array:
        """The numbers as they are stored; with fitted `Columns` what these make of the table."""
        values = self.numbers_of(records)
        if not isinstance(fitted, Columns):
            return values
        told = {key: np.array([c[key] for c in fitted.numeric]) for key in FACTS}
        gaps = np.isnan(values)
        days = [
            dates.features(values[:, i], column)
            for i, column in enumerate(fitted.numeric)
            if dates.names(column)
        ]
        if gaps.any():
            np.copyto(values, told["median"], where=gaps)
        values -= told["mean"]
        values /= told["scale"]
        parts = [values, gaps[:, told["indicator"].astype(bool)], *days]
        parts += [
            _one_hot(records["i4"][:, place], self.levels[column["name"]], column)
            for place, column in enumerate(fitted.categorical)
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)


FACTS = ("median", "mean", "scale", "indicator")


def _one_hot(codes: Array, known: dict[str, int], column: dict[str, Any]) -> NDArray[np.float32]:
    """As `kreg.data.preprocessing` makes the columns of the levels, from their numbers."""
    levels = column["levels"]
    place = np.full(len(known) + 1, len(levels))
    for column_place, level in enumerate(levels):
        place[known[level]] = column_place
    found = np.zeros((len(codes), len(levels) + 1), np.float32)
    found[np.arange(len(codes)), place[codes]] = 1
    return found[:, : len(levels) + column["other"]]


def _refuse(wrong: NDArray[np.bool_], series: "pd.Series[Any]", told: str, advice: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise CellError(
            f"column {series.name!r}, row {{row}}: {series.iloc[row]!r} {told}, {advice}", row
        )
