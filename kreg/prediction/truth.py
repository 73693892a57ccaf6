"""The truth of new rows, coded as the model was taught it: class ids, labels, or numbers."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import cells
from kreg.prediction.kept import Kept
from kreg.scoring.tasks import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
MISSING = -2  # in the place of a class id, as `UNKNOWN`


def coded(kept: Kept, truth: Any) -> Array:
    """Class ids `(rows,)`, labels `(rows, labels)`, or numbers `(rows, targets)`.

    A row without truth has the id `MISSING`, one of a class that no training row had `UNKNOWN`;
    in labels and numbers both are NaN.

    Args:
        kept: The run.
        truth: A frame of the target's columns, or an array.

    Raises:
        ValueError: If it has another shape than the target.
    """
    if kept.task == "regression":
        return _numbers(kept, truth)
    if kept.task == "multilabel":
        return _labels(kept, truth)
    columns = _columns(truth)
    if len(columns) > 1:
        return _one_hot(kept, columns)
    return ids(kept.words, columns[0])


def _columns(truth: Any) -> "list[pd.Series[Any]]":
    import pandas as pd

    if isinstance(truth, pd.DataFrame):
        return [truth[name] for name in truth]
    array = np.asarray(truth)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    return [pd.Series(column) for column in array.reshape(len(array), -1).T]


def ids(words: list[str], column: "pd.Series[Any]") -> Array:
    """The class of each cell by its word; numbers are those of the words, however written.

    >>> import pandas as pd
    >>> ids(["0", "1"], pd.Series([1.0, None, 7.0])).tolist()
    [1, -2, -1]
    """
    import pandas as pd

    known = {word: place for place, word in enumerate(words)}
    numbers = {
        number: place for word, place in known.items() if (number := _number(word)) == number
    }
    codes, different = pd.factorize(column.astype(object))
    places = [known.get(str(cell), numbers.get(_number(cell), UNKNOWN)) for cell in different]
    return np.array([*places, MISSING], np.int64)[codes]


def _number(cell: Any) -> float:
    """A cell as a number; NaN, which equals nothing, where it is none."""
    text = str(cell).strip().casefold()
    try:
        return {"true": 1.0, "false": 0.0}[text] if text in ("true", "false") else float(text)
    except ValueError:
        return float("nan")


def _one_hot(kept: Kept, columns: "list[pd.Series[Any]]") -> Array:
    rows = np.column_stack([cells.read(column, cells.POINT) for column in columns])
    if rows.shape[1] != len(kept.words):
        raise ValueError(
            f"The truth has {rows.shape[1]} columns, and the run has {len(kept.words)} classes."
        )
    found = np.where((rows == 1).sum(axis=1) == 1, (rows == 1).argmax(axis=1), UNKNOWN)
    return np.where(np.isnan(rows).any(axis=1), MISSING, found)


def _labels(kept: Kept, truth: Any) -> Array:
    columns = _columns(truth)
    separator = kept.reading.get("label_separator")
    if separator and len(columns) == 1:
        texts = cells.as_categories(columns[0]).fillna("")
        rows = [{label.strip() for label in cell.split(separator)} for cell in texts]
        return np.array([[word in row for word in kept.words] for row in rows], float)
    return _table(kept, columns)


def _numbers(kept: Kept, truth: Any) -> Array:
    return _table(kept, _columns(truth))


def _table(kept: Kept, columns: "list[pd.Series[Any]]") -> Array:
    notation = cells.COMMA if kept.reading.get("comma") else cells.POINT
    if len(columns) != kept.data["outputs"]:
        raise ValueError(
            f"The truth has {len(columns)} columns, and the run has {kept.data['outputs']} outputs."
        )
    return np.column_stack([cells.read(column, notation) for column in columns])
