"""What the outputs of a model mean: probabilities, or numbers in the target's own units."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def probabilities(logits: ArrayLike, task: str) -> NDArray[np.float64]:
    """`(rows, classes)`, those of a binary task for both classes; `(rows, labels)` of labels.

    Args:
        logits: Outputs of the model, `(rows, outputs)`.
        task: `"classification"`, `"binary"` or `"multilabel"`.

    >>> probabilities([[0.0]], "binary").tolist()
    [[0.5, 0.5]]
    """
    from scipy import special

    values = np.asarray(logits, np.float64)
    if task == "classification":
        return np.asarray(special.softmax(values, axis=1))
    each = np.asarray(special.expit(values))
    return np.concatenate([1 - each, each], axis=1) if task == "binary" else each


def in_own_units(outputs: ArrayLike, target: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Outputs of a regression, `(rows, targets)`, in the units of the target.

    Args:
        outputs: Of the model.
        target: `{"mean": [...], "scale": [...]}`, empty lists where nothing was scaled.

    >>> in_own_units([[2.0]], {"mean": [10.0], "scale": [3.0]}).tolist()
    [[16.0]]
    """
    values = np.asarray(outputs, np.float64)
    scale = target["scale"]
    return values * np.asarray(scale) + np.asarray(target["mean"]) if scale else values


def predicted(task: str, outputs: ArrayLike, target: Mapping[str, Sequence[float]]) -> Array:
    """Probabilities, or values in the target's own units: what a user means by a prediction."""
    return in_own_units(outputs, target) if task == "regression" else probabilities(outputs, task)
