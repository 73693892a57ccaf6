"""From which probability on a row is of the positive class: chosen on validation rows."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg.scoring.tasks import HALF

NONE, F1 = "none", "f1"


def refuse(choice: str | float, task: str, name: str) -> None:
    """Refuse to choose a threshold where there is none.

    Args:
        choice: `trainer.operating_point`.
        task: Of the data.
        name: Of the data.

    Raises:
        ValueError: If the task has not two classes.
    """
    if choice != NONE and task != "binary":
        raise ValueError(
            f"trainer.operating_point={choice} chooses between two classes, but the task of "
            f"{name} is {task}. Leave it out."
        )


def choose(probability: ArrayLike, truth: ArrayLike, choice: str | float) -> dict[str, Any]:
    """The threshold, and the precision, recall and F1 that it has on these rows.

    A row is of the positive class where its probability is at least the threshold. `"f1"` has the
    largest F1, the harmonic mean of precision and recall, and of equal ones the highest threshold;
    a number is a recall, which the highest threshold that reaches it has at least.

    Args:
        probability: Of the positive class, `(rows,)`.
        truth: 1 where a row is of it, else 0, `(rows,)`.
        choice: `"none"`, which is 0.5, `"f1"`, or a recall in (0, 1].

    >>> found = choose([0.1, 0.3, 0.4, 0.9], [0, 1, 0, 1], 1.0)
    >>> round(found["threshold"], 6), round(found["precision"], 6), found["recall"]
    (0.2, 0.666667, 1.0)
    """
    p, y = np.asarray(probability, np.float64), np.asarray(truth, bool)
    cuts = np.array([HALF]) if choice == NONE else candidates(p)
    hits, taken = at_least(p[y], cuts), at_least(p, cuts)
    recall = hits / max(int(y.sum()), 1)
    f1 = 2 * hits / np.maximum(taken + y.sum(), 1)
    if isinstance(choice, str):
        best = int(np.argmax(f1))
    else:
        best = int(np.argmax(recall >= choice)) if y.any() else len(cuts) - 1
    return {
        "threshold": float(cuts[best]),
        "precision": float(hits[best] / max(int(taken[best]), 1)),
        "recall": float(recall[best]),
        "f1": float(f1[best]),
        "rows": len(p),
    }


def at_least(values: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.intp]:
    """How many values reach each cut."""
    return len(values) - np.searchsorted(np.sort(values), cuts)


def candidates(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds that split the rows differently, the highest first: halfway between two values."""
    values = np.unique(p)[::-1]
    below = np.append(values[1:], 0.0)
    return (values + below) / 2
