"""New rows from a NumPy archive: `x`, and whatever has one value a row beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kreg.data.sources import array_files
from kreg.data.sources.npz_arrays import UNDERSTOOD
from kreg.prediction import arrays, sources
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

INPUTS, TARGETS = ("x", "x_test"), ("y", "y_test")


class ArraySource:
    """A `.npz` file; its arrays are read at once, and stay as they are.

    Args:
        kept: The run.
        file: The file.
        labelled: Whether `y` is wanted, too.

    Raises:
        ValueError: If there is no such array, or one of another shape or type.
    """

    def __init__(self, kept: Kept, file: Path, *, labelled: bool) -> None:
        found = array_files.read(file)
        self.x = arrays.checked(kept, _first(found, file, INPUTS), str(file))
        self.total = len(self.x)
        if not self.total:
            raise ValueError(f"{file} has no rows.")
        self.y = _first(found, file, TARGETS) if labelled else None
        if self.y is not None and len(self.y) != self.total:
            raise ValueError(f"{file}: {self.total} rows of x but {len(self.y)} of y.")
        self.keys = {
            name: array
            for name, array in found.items()
            if array.shape == (self.total,) and name not in UNDERSTOOD
        }

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All rows, in their order."""
        for begin in range(0, self.total, size):
            rows = self.x[begin : begin + size]
            truth = None if self.y is None else self.y[begin : begin + size]
            keys = self._keys(begin, len(rows))
            yield Block(rows, keys, sources.no_reasons(len(rows)), truth, begin + len(rows))

    def _keys(self, begin: int, count: int) -> Any:
        import pandas as pd

        if not self.keys:
            return sources.row_numbers(begin, count)
        return pd.DataFrame({name: a[begin : begin + count] for name, a in self.keys.items()})


def _first(found: dict[str, Any], file: Path, names: tuple[str, ...]) -> "np.ndarray":
    for name in names:
        if name in found:
            return np.asarray(found[name])
    raise ValueError(
        f"{file} has no array named {' or '.join(names)}; it has {', '.join(found) or 'none'}."
    )
