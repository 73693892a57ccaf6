"""What is unusual about new rows: counted while they are read, told in sentences at the end."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5  # columns that get a sentence of their own

TOLD = {
    "unreadable": "{count} cell{s} without a number, such as {cell!r}, read as missing.",
    "unseen": "{count} row{s} with a level that no training row had, such as {cell!r}.",
    "gap": "{count} row{s} without a value, which no training row lacked: the median stands in.",
    "beyond": "{count} value{s} outside of the training range, {cell}.",
}


class Findings:
    """Counts by kind and column, over all blocks."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {kind: Counter() for kind in TOLD}
        self.cells: dict[tuple[str, str], Any] = {}
        self.notes: Counter[str] = Counter()

    def note(self, sentence: str, count: int = 1) -> None:
        """Something that is no matter of one column: `{count} line{s} passed over.`"""
        self.notes[sentence] += count

    def add(self, kind: str, column: str, count: int, cell: object) -> None:
        """Rows of one kind, with an example or what else the sentence shows."""
        if count:
            self.counts[kind][column] += int(count)
            self.cells.setdefault((kind, column), cell)

    def numbers(
        self, column: dict[str, Any], series: "pd.Series[Any]", values: NDArray[np.float64]
    ) -> None:
        """A numeric column of a block, as it stands and as it was read."""
        gone = np.isnan(values)
        odd = gone & series.notna().to_numpy()
        if odd.any():
            self.add("unreadable", column["name"], odd.sum(), str(series[odd].iloc[0]))
        if not column["indicator"]:
            self.add("gap", column["name"], (gone & ~odd).sum(), None)
        if "low" in column:
            self.range(column["name"], values, column["low"], column["high"])

    def range(self, name: str, values: NDArray[np.float64], low: float, high: float) -> None:
        """Values beyond those of the training rows."""
        beyond = int(((values < low) | (values > high)).sum())
        self.add("beyond", name, beyond, f"{low:.6g} to {high:.6g}")

    def levels(self, column: dict[str, Any], texts: NDArray[np.object_]) -> None:
        """A categorical column of a block."""
        if column["other"]:  # rare levels have a column together, and are not told apart
            return
        import pandas as pd

        unseen = ~pd.Series(texts).isin(column["levels"]).to_numpy()
        if unseen.any():
            self.add("unseen", column["name"], unseen.sum(), texts[unseen][0])

    def sentences(self) -> list[str]:
        """One for each kind and column, the most frequent first, and what else there is."""
        found = [filled(note, count) for note, count in self.notes.items()]
        for kind, counts in self.counts.items():
            for name, count in counts.most_common(SHOWN):
                told = filled(TOLD[kind], count, cell=self.cells[kind, name])
                found.append(f"column {name!r}: {told}")
            if len(counts) > SHOWN:
                found.append(f"{len(counts) - SHOWN} more columns have the like of this last one.")
        return found


def filled(sentence: str, count: int, **more: object) -> str:
    """A sentence with its count, and with the ending of a plural where it is one.

    >>> filled("{count} row{s}", 1), filled("{count} row{s}", 2000)
    ('1 row', '2,000 rows')
    """
    return sentence.format(count=f"{count:,}", s="" if count == 1 else "s", **more)
