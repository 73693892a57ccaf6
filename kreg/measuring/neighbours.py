"""The nearest neighbours: what a simple use of the inputs costs.

A high training loss at rest may be noise that no model can explain, or a model that cannot bend.
The nearest training rows tell the two apart: noise is in their prediction as well.
"""

from typing import Any

import keras
import numpy as np

from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.guessing import Shape, by_output, constant
from kreg.measuring.rows import Nest, Rows

COUNT = 10  # neighbours
WIDEST = 4096  # inputs: distances of more say little, and cost much
PRIOR = 1.0  # weight of all training rows together, beside `COUNT` of the neighbours


def neighbours(clean: CleanEvaluator, train: Rows, validation: Rows) -> float | None:
    """`mean_i loss(y_i, c_i)`, `c_i` the best constant of the `COUNT` nearest training rows.

    Distances are Euclidean, of inputs in units of their spread. The loss is the model's own.
    `None` where the inputs are no numbers, are too many, or the best constant is not known.

    Args:
        clean: The evaluator of a compiled model, called once before.
        train: Training rows, in which the neighbours are looked for.
        validation: The rows that are predicted.
    """
    known, asked = (features(rows) for rows in (train, validation))
    if known is None or asked is None or len(train) <= COUNT:
        return None
    predicted = predictions(clean, train, nearest(known, asked))
    if predicted is None:
        return None
    done = 0

    def predict(count: int) -> Nest:
        nonlocal done
        done += count
        part = slice(done - count, done)
        return keras.tree.map_structure(lambda a: a[part], predicted)

    loss = clean.instead(predict, validation).loss
    return float(loss) if loss is not None and np.isfinite(loss) else None


def features(rows: Rows) -> np.ndarray | None:
    """All inputs as one float matrix of shape (rows, inputs), or `None`."""
    leaves = keras.tree.flatten(rows.x)
    if not all(isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub" for leaf in leaves):
        return None
    flat = np.concatenate([leaf.reshape(len(rows), -1) for leaf in leaves], axis=1)
    return flat.astype("float32") if 0 < flat.shape[1] <= WIDEST else None


def nearest(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Positions of the nearest known rows, shape (asked, COUNT).

    >>> nearest(np.arange(20.0)[:, None], np.array([[0.0]])).max().item()
    9
    """
    scale = known.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    known, asked = (known / scale).astype("float32"), (asked / scale).astype("float32")
    squares = np.square(known).sum(axis=1)[None, :] - 2 * asked @ known.T  # |asked|^2 left out
    return np.argpartition(squares, COUNT - 1, axis=1)[:, :COUNT]


def predictions(clean: CleanEvaluator, train: Rows, near: np.ndarray) -> Nest:
    """Predictions of shape (asked, ...) in the structure of the model's outputs, or `None`."""

    def best(loss: Any, y: Any, weight: Any, shape: Shape) -> np.ndarray | None:
        found = [constant(loss, y, weighing(weight, row, len(train)), shape) for row in near]
        known = [one for one in found if one is not None]
        return np.concatenate(known) if len(known) == len(found) else None

    return by_output(clean, train, best)


def weighing(weight: Any, row: np.ndarray, count: int) -> np.ndarray:
    """Weights that stand for the neighbours, and a little for all rows."""
    chosen = np.full(count, PRIOR / count)
    chosen[row] += 1.0
    return chosen if weight is None else chosen * np.asarray(weight, float).reshape(count)
