"""Class by class: who is taken for whom, and precision, recall and F1 of each."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclasses.dataclass(frozen=True)
class ClassScore:
    """How well one class, or one label, is told from the others.

    Args:
        name: As the user wrote it.
        rows: How many rows are of it: its support.
        precision: Of the rows that are told to be of it, the share that are; `None` of none.
        recall: Of the rows that are of it, the share that are told so; `None` of none.
        f1: Their harmonic mean; `None` where no row is or is told to be of it.
    """

    name: str
    rows: int
    precision: float | None
    recall: float | None
    f1: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dataclasses.asdict(self)


def table(known: Array, said: Array, classes: int) -> NDArray[np.int64]:
    """How often a row of class `i` is told to be of `j`, `(classes, classes)`.

    >>> table(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.bincount(known * classes + said, minlength=classes * classes)
    return cells.reshape(classes, classes)


def of_table(names: Sequence[str], counts: Array) -> list[ClassScore]:
    """The scores of each class of a confusion matrix."""
    right, rows, told = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    return [_one(*each) for each in zip(names, right, rows, told, strict=True)]


def of_labels(names: Sequence[str], said: Array, known: Array) -> list[ClassScore]:
    """The scores of each label, of truths `(rows, labels)`."""
    counts = ((said & known).sum(axis=0), known.sum(axis=0), said.sum(axis=0))
    return [_one(*each) for each in zip(names, *counts, strict=True)]


def _one(name: str, right: int, rows: int, told: int) -> ClassScore:
    shares = (_share(right, told), _share(right, rows), _share(2 * right, rows + told))
    return ClassScore(str(name), int(rows), *shares)


def _share(count: int, rows: int) -> float | None:
    return float(count / rows) if rows else None
