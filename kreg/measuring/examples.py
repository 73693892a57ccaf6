"""The rows behind the curves: how many there are of each class, and which the model finds hardest.

An example that stays hard when the others are learned is often one whose label is wrong
(Arpit et al. 2017; Pleiss et al. 2020).
"""

import zlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kreg.measuring.drawing import class_ids
from kreg.measuring.rows import Rows
from kreg.measuring.rows_found import targets

HARDEST = 10
MOST_CLASSES = 30  # more make a table that nobody reads


def labels(rows: Rows, kind: str | None) -> np.ndarray | None:
    """Class ids of shape (n,), or `None` where the targets are not one class a row.

    Args:
        rows: The rows.
        kind: How targets are written: `"sparse"`, `"one_hot"`, `"binary"` or `None`.

    >>> labels(Rows(None, np.array([[0.1, 0.9], [1.0, 0.0]])), "one_hot")
    array([1, 0])
    """
    several = kind != "one_hot" and isinstance(rows.y, np.ndarray) and rows.y.size != len(rows.y)
    return None if kind is None or several else class_ids(rows.y)


def balance(rows: Rows, kind: str | None) -> dict[str, int]:
    """Class id to the number of its rows; empty for other tasks and for very many classes.

    >>> balance(Rows(None, np.array([1, 0, 1])), "sparse")
    {'0': 1, '1': 2}
    """
    found = labels(rows, kind)
    if found is None:
        return {}
    ids, counts = np.unique(found, return_counts=True)
    return dict(zip(map(str, ids), counts.tolist())) if len(ids) <= MOST_CLASSES else {}


def fingerprint(rows: Rows) -> str:
    """Eight hex digits that name these rows: their inputs, targets and weights (CRC-32).

    Two runs with the same ones have measured the same rows, in the same order.

    >>> fingerprint(Rows(np.eye(2, dtype="float32"), np.array([0, 1], "int32")))
    'd3245292'
    """
    code = 0
    given = (rows.x, rows.y) if rows.weight is None else (rows.x, rows.y, rows.weight)
    for leaf in keras.tree.flatten(given):
        uneven = isinstance(leaf, np.ndarray) and leaf.dtype == object
        for part in leaf if uneven else [leaf]:
            code = zlib.crc32(np.asarray(part).tobytes(), code)
    return f"{code:08x}"


def hardest(
    rows: Rows,
    losses: Sequence[float] | np.ndarray | None,
    correct: Sequence[bool] | np.ndarray | None,
    kind: str | None,
    limit: int = HARDEST,
) -> list[dict[str, Any]]:
    """The rows of the largest clean losses: `index` (in the data), `loss`, `label`, `right`.

    Args:
        rows: The measured rows.
        losses: Their clean losses of shape (n,), or `None`.
        correct: Whether each is predicted right, shape (n,), or `None`.
        kind: As for `labels`.
        limit: How many at most.
    """
    if losses is None or rows.index is None:
        return []
    found = labels(rows, kind)
    if found is None:
        found = targets(rows)
    order = np.argsort(-np.asarray(losses, float), kind="stable")[:limit]
    return [
        {
            "index": int(rows.index[i]),
            "loss": float(losses[i]),
            "label": None if found is None else found[i].item(),
            "right": None if correct is None else bool(correct[i]),
        }
        for i in order
    ]
