"""The targets of rows that come in blocks: read by the rules of `kreg.data.targets`.

Which classes there are, the different targets say; so these are collected, as long as they are few.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.cells import is_numeric
from kreg.data.disk.form import CellError
from kreg.data.targets import MOST_CLASSES, Truth, read_targets

if TYPE_CHECKING:
    import pandas as pd

    from kreg.data.disk.wish import Wish


class Answers:
    """The target columns of all rows: numbers of different targets, or numbers themselves.

    Args:
        wish: What the user has said of them.
    """

    def __init__(self, wish: "Wish") -> None:
        self.wish = wish
        self.numeric: dict[str, bool] = {}
        self.known: dict[tuple[Any, ...], int] = {}
        self.codes: list[NDArray[np.uint16]] = []
        self.values: list[NDArray[np.float32]] = []
        self.frames: list[pd.DataFrame] = []

    def add(self, frame: "pd.DataFrame") -> None:
        """The targets of a block.

        Raises:
            CellError: If a target is missing.
        """
        gaps = frame.isna().to_numpy()
        if gaps.any() and self.wish.label_separator is None:
            row, column = (int(place[0]) for place in np.nonzero(gaps))
            raise CellError(
                f"row {{row}} has no value in the target {frame.columns[column]!r}. Remove such "
                "rows",
                row,
            )
        self._refuse_other_cells(frame)
        if self.values:
            self.values.append(_numbers(frame))
            return
        codes, different = _factorized(frame)
        found = [self.known.setdefault(key, len(self.known)) for key in different]
        self.codes.append(np.array(found)[codes].astype(np.uint16))
        self.frames.append(frame.iloc[np.unique(codes, return_index=True)[1]])
        if len(self.known) > MOST_CLASSES:
            self._become_numbers()

    def _refuse_other_cells(self, frame: "pd.DataFrame") -> None:
        """A text file whose first targets look like numbers, and later ones do not."""
        for name in map(str, frame.columns):
            if self.numeric.setdefault(name, is_numeric(frame[name])) != is_numeric(frame[name]):
                raise CellError(
                    f"the target {name!r} holds words in some rows and numbers in others, up to "
                    f"row {{row}}. Say data.types={{{name}: category}}",
                    len(frame) - 1,
                )

    def _become_numbers(self) -> None:
        """More different targets than classes: they are numbers, or the user is told."""
        distinct = self._distinct()
        if self.wish.label_separator is not None or not all(map(_numeric, distinct.items())):
            raise CellError(
                f"the target {list(distinct)[0]!r} has more than {MOST_CLASSES:,} different words. "
                "Say data.cache=memory if the rows fit into memory, or make fewer classes of them"
            )
        read_targets(
            distinct, self.wish.task, self.wish.types, untyped=False, comma=False
        )  # refuses so many classes, if classes are wanted
        table = _numbers(distinct)
        self.values = [table[codes] for codes in self.codes]
        self.codes, self.known = [], {}

    def _distinct(self) -> "pd.DataFrame":
        """The different targets, in the order of their numbers."""
        import pandas as pd

        whole = pd.concat(self.frames, ignore_index=True)
        return whole.drop_duplicates(ignore_index=True)

    def truth(self, untyped: bool, comma: bool) -> Truth:
        """The targets of all rows."""
        wish = self.wish
        if self.values:
            y = np.concatenate(self.values)
            names = list(wish.target) if len(wish.target) > 1 else []
            return Truth(y if names else y[:, 0], "regression", [], names, [])
        found = read_targets(
            self._distinct(), wish.task, wish.types, label_separator=wish.label_separator,
            untyped=untyped, comma=comma,
        )  # fmt: skip
        kind = np.int32 if found.y.dtype.kind in "iu" else np.float32
        return found._replace(y=found.y.astype(kind)[np.concatenate(self.codes)])


def _factorized(frame: "pd.DataFrame") -> tuple[NDArray[np.intp], list[tuple[Any, ...]]]:
    """The place of each row among the different ones, and these in the order of their coming."""
    import pandas as pd

    columns = [pd.factorize(frame[name], use_na_sentinel=False) for name in frame.columns]
    table = np.column_stack([codes for codes, _ in columns])
    _, first, codes = np.unique(table, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    order = np.sort(first)
    keys = [tuple(_plain(cells[codes[row]]) for codes, cells in columns) for row in order]
    return rank[codes.reshape(-1)], keys


def _plain(cell: Any) -> Any:
    """Equal for equal cells; a missing one equals itself."""
    return None if cell != cell else cell


def _numeric(column: "tuple[Any, pd.Series[Any]]") -> bool:
    return is_numeric(column[1])


def _numbers(frame: "pd.DataFrame") -> NDArray[np.float32]:
    for name in frame.columns:
        if not is_numeric(frame[name]):
            raise CellError(
                f"the target {name!r} holds numbers, but also words in the rows up to row {{row}}",
                len(frame) - 1,
            )
    return frame.to_numpy(np.float32)
