"""The scores of a task: the same for a training's report, `kreg evaluate` and `Run.evaluate`."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.scoring import classes, score
from kreg.scoring.classes import ClassScore
from kreg.scoring.score import Score

Array = NDArray[Any]
UNKNOWN = -1  # in the place of a class id: of a class that no training row had
HALF = 0.5
TINY = 1e-38  # as Keras's losses, no probability is quite 0


@dataclasses.dataclass(frozen=True)
class Scored:
    """What predictions are worth.

    Args:
        scores: With their intervals, the best known one first.
        rows: How many rows were scored.
        classes: Class by class, or label by label; empty for a regression.
        confusion: How often a row of class `i` is told to be of `j`; `None` but for classes.
    """

    scores: list[Score]
    rows: int
    classes: list[ClassScore] = dataclasses.field(default_factory=list)
    confusion: NDArray[np.int64] | None = None


def of(
    task: str, values: Array, known: Array, names: Sequence[str], threshold: float = HALF
) -> Scored:
    """The scores of predictions.

    Args:
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        values: Probabilities `(rows, classes)`, of two classes both; of labels `(rows, labels)`;
            or predicted numbers `(rows, targets)` in the units of the target.
        known: The truth: class ids `(rows,)`, `UNKNOWN` where no training row had the class; labels
            of 0 and 1; or numbers in the units of the target.
        names: Of the classes, the labels or several targets; empty for one target.
        threshold: Of two classes, from which probability on a row is of the second one.
    """
    if task == "regression":
        return Scored(_regression(names, values, known), len(known))
    if task == "multilabel":
        return _labels(values, known, names)
    return _classes(said(task, values, threshold), values, known, names, task == "binary")


def said(task: str, values: Array, threshold: float = HALF) -> NDArray[np.int64]:
    """The class that each row is told to be of: the most likely, or of two by the threshold."""
    if task == "binary":
        return (values[:, 1] >= threshold).astype(np.int64)
    return np.asarray(values.argmax(axis=1), np.int64)


def losses(values: Array, known: Array) -> Array:
    """The cross-entropy of each row of one class, in nats."""
    chance = np.asarray(values[np.arange(len(known)), known], np.float64)
    return -np.log(np.maximum(chance, TINY))


def label_losses(values: Array, known: Array) -> Array:
    """The cross-entropy of each label of each row, `(rows, labels)`, in nats."""
    right = np.where(known >= HALF, values, 1 - values)
    return np.asarray(-np.log(np.maximum(right, TINY)))


def _classes(told: Array, values: Array, known: Array, names: Sequence[str], two: bool) -> Scored:
    right, named = told == known, known != UNKNOWN
    found = [score.share("accuracy", int(right.sum()), len(right))]
    if not named.any():
        return Scored(found, len(known))
    found.append(score.mean("loss", losses(values[named], known[named]), low=0.0))
    table = classes.table(known[named], told[named], values.shape[1])
    more = _binary(table, values[named, 1], known[named]) if two else _several(table)
    return Scored(found + more, len(known), classes.of_table(names, table), table)


def _several(table: Array) -> list[Score]:
    right, rows = table.diagonal(), table.sum(axis=1)
    return [score.balanced("balanced_accuracy", right, rows), score.f1("f1_macro", table)]


def _binary(table: Array, chance: Array, known: Array) -> list[Score]:
    hits, told, there = int(table[1, 1]), int(table[:, 1].sum()), int(table[1].sum())
    found = []
    if told:
        found.append(score.share("precision", hits, told))
    if there:
        found.append(score.share("recall", hits, there))
        found.append(score.f1("f1", table, 1))
    if 0 < there < len(known):
        found.append(score.area("roc_auc", chance, known))
    return found


def _labels(values: Array, known: Array, names: Sequence[str]) -> Scored:
    told, truth = values >= HALF, known >= HALF
    right = told == truth
    exact = right.all(axis=1)
    found = [
        score.mean("accuracy", right.mean(axis=1), low=0.0, high=1.0),
        score.share("exact_match", int(exact.sum()), len(exact)),
    ]
    return Scored(found, len(known), classes.of_labels(names, told, truth))


def _regression(names: Sequence[str], values: Array, known: Array) -> list[Score]:
    found: list[Score | None] = []
    for place, truth in enumerate(known.T):
        suffix = f"_{names[place]}" if len(names) > 1 else ""
        error = values[:, place] - truth
        found.append(score.root_mean(f"rmse{suffix}", error**2))
        found.append(score.mean(f"mae{suffix}", np.abs(error), low=0.0))
        found.append(score.r2(f"r2{suffix}", error, truth))
    return [one for one in found if one is not None]
