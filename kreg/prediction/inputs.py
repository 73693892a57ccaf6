"""Rows of a block as the model reads them: the run's own preprocessing, and what it cannot read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import preprocessing
from kreg.data.pictures.decoding import PictureError, Recipe, decode
from kreg.prediction import arrays, tables
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]


class Inputs:
    """From rows of the user's to inputs of the model.

    Args:
        kept: The run.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        saved = kept.data["preprocessing"]
        self.fitted = None if saved is None else preprocessing.from_dict(saved)

    def __call__(self, block: Block, findings: Findings) -> Array:
        """The inputs of the rows that can be read, in order; `block.reasons` says of the others."""
        good = np.flatnonzero(block.reasons == "")
        if isinstance(block.rows, list):
            return self._pictures([block.rows[place] for place in good], block, good)
        if isinstance(block.rows, np.ndarray):
            return self._array(block.rows[good], block, good, findings)
        return self._frame(block.rows.iloc[good], block, good, findings)

    def _frame(self, frame: "pd.DataFrame", block: Block, good: Array, findings: Findings) -> Array:
        if isinstance(self.fitted, preprocessing.Columns):
            frame = tables.typed(frame, self.kept)
            empty = tables.examine(frame, self.kept, findings)
            block.reasons[good[empty]] = tables.NOTHING
            return self.fitted(frame[~empty])
        rows = np.column_stack([preprocessing.numbers(frame[name]) for name in self.kept.features])
        return self._array(rows, block, good, findings)

    def _array(self, rows: Array, block: Block, good: Array, findings: Findings) -> Array:
        if isinstance(self.fitted, preprocessing.Columns):
            return self._frame(arrays.as_frame(self.kept, rows), block, good, findings)
        bad = arrays.examine(self.kept, rows, findings)
        block.reasons[good[bad]] = arrays.NOT_FINITE
        rows = arrays.as_trained(self.kept, rows[~bad])
        return rows if self.fitted is None else self.fitted(rows)

    def _pictures(self, files: list[Path], block: Block, good: Array) -> Array:
        height, width, channels = self.kept.data["input_shape"]
        more = {k: v for k, v in self.kept.reading.items() if k in ("resize", "bits")}
        recipe = Recipe((height, width), channels, **more)
        found = []
        with ThreadPoolExecutor() as pool:
            decoded = pool.map(lambda file: pixels(file, recipe), files)
            for place, picture in zip(good, decoded, strict=True):
                if isinstance(picture, str):
                    block.reasons[place] = picture
                else:
                    found.append(picture)
        return np.stack(found) if found else np.empty((0, *recipe.shape), np.uint8)


def pixels(file: Path, recipe: Recipe) -> NDArray[np.uint8] | str:
    """A decoded picture, or why there is none."""
    try:
        return decode(file, recipe)
    except PictureError as error:
        return f"it {error}"
