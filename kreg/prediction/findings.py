"""What is unusual about new rows: counted while they are read, told in sentences at the end."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5  # columns that get a sentence of their own

TOLD = {
    "unreadable": "{count:,} cells are no numbers, such as {cell!r}; they are read as missing.",
    "unseen": "{count:,} rows have a level that no training row had, such as {cell!r}.",
    "gap": "{count:,} rows miss it; no training row did. They get its median.",
    "beyond": "{count:,} values are outside of the training range, {cell}.",
}


class Findings:
    """Counts by kind and column, over all blocks."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {kind: Counter() for kind in TOLD}
        self.cells: dict[tuple[str, str], Any] = {}
        self.notes: Counter[str] = Counter()

    def note(self, sentence: str, count: int = 1) -> None:
        """Something that is no matter of one column; `{count}` stands for how often."""
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
        found = [note.format(count=f"{count:,}") for note, count in self.notes.items()]
        for kind, counts in self.counts.items():
            for name, count in counts.most_common(SHOWN):
                told = TOLD[kind].format(count=count, cell=self.cells[kind, name])
                found.append(f"column {name!r}: {told}")
            if len(counts) > SHOWN:
                found.append(f"{len(counts) - SHOWN} more columns have the like of this last one.")
        return found
