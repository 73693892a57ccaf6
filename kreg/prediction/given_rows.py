"""New rows that a program hands over: a frame, arrays, or what a command line names."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check
from kreg.prediction import arrays, sources, tables
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block, Source

if TYPE_CHECKING:
    import pandas as pd


def given(kept: Kept, rows: Any, *, labelled: bool) -> Source:
    """The source of what `Run.predict` or `Run.evaluate` was given.

    Args:
        kept: The run.
        rows: A frame, an array, a pair `(x, y)` of arrays, a path, or a list of paths.
        labelled: Whether the truth is wanted, too.

    Raises:
        ValueError: If it is none of these, or cannot hold rows of this run.
    """
    import pandas as pd

    if isinstance(rows, str | Path):
        return sources.opened(kept, [str(rows)], labelled=labelled, keep=())
    if isinstance(rows, list) and rows and all(isinstance(r, str | Path) for r in rows):
        return sources.opened(kept, list(map(str, rows)), labelled=labelled, keep=())
    if isinstance(rows, pd.DataFrame):
        return FrameSource(kept, rows, labelled)
    x, y = rows if labelled and isinstance(rows, tuple) and len(rows) == 2 else (rows, None)
    if labelled and y is None:
        raise check.invalid("rows", "a frame, a path, or (x, y)", type(rows).__name__)
    return GivenArrays(arrays.checked(kept, x, "The array"), y)


class FrameSource:
    """Rows of a frame that is in memory."""

    def __init__(self, records: Kept, frame: "pd.DataFrame", labelled: bool) -> None:
        self.frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
        self.kept, self.total = records, len(frame)
        self.target = records.target if labelled else []
        if not records.features:
            raise ValueError("The model reads no named columns. Give an array of rows.")
        if not self.total:
            raise ValueError("The frame has no rows.")
        tables.refuse_lacking(records, self.frame.columns, "The frame", self.target)
        twice = self.frame.columns[self.frame.columns.duplicated()]
        if len(twice):
            raise ValueError(f"The frame: two columns are called {twice[0]!r}.")
        if labelled and not self.target:
            raise ValueError("The run has no column for its target. Give a pair (x, y) of arrays.")

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        for begin in range(0, self.total, size):
            part = self.frame.iloc[begin : begin + size]
            truth = part[self.target] if self.target else None
            keys, reasons = sources.row_numbers(begin, len(part)), sources.no_reasons(len(part))
            yield Block(part[self.kept.features], keys, reasons, truth, begin + len(part))


class GivenArrays:
    """Rows of an array, with or without their targets."""

    def __init__(self, x: np.ndarray, y: Any) -> None:
        self.x, self.y, self.total = x, None if y is None else np.asarray(y), len(x)
        if not self.total:
            raise ValueError("The array has no rows.")
        if self.y is not None and len(self.y) != self.total:
            raise ValueError(f"{self.total} rows of x but {len(self.y)} of y.")

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        for begin in range(0, self.total, size):
            part = self.x[begin : begin + size]
            truth = None if self.y is None else self.y[begin : begin + size]
            keys, reasons = sources.row_numbers(begin, len(part)), sources.no_reasons(len(part))
            yield Block(part, keys, reasons, truth, begin + len(part))
