"""Class weights: as `fit` applies them, and checked before anything is measured with them."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from kreg import check
from kreg.measuring.drawing import class_ids, is_one_hot

ALLOWED = "a dictionary of class ids (whole numbers >= 0) to weights (numbers >= 0)"
UNWEIGHTED = "`class_weight` has no weight for class {}: it counts 1, as in `fit`."


def checked(class_weight: Any) -> dict[int, float] | None:
    """The weights by class id, or `None`.

    Raises:
        ValueError: For anything else: a list, names of classes, numbers as text.
    """
    if class_weight is None:
        return None
    if not isinstance(class_weight, Mapping) or not class_weight:
        advice = "Write {0: 1.0, 1: 5.0}, or dict(enumerate(weights))."
        raise check.invalid("class_weight", ALLOWED, class_weight, advice)
    if not all(_is_id(key) for key in class_weight):
        advice = "The keys are the ids in the targets: {0: 1.0}, not {'0': 1.0} or {'cat': 1.0}."
        raise check.invalid("class_weight", ALLOWED, class_weight, advice)
    return {
        int(key): check.number(f"class_weight[{key}]", value, low=0)
        for key, value in class_weight.items()
    }


def _is_id(key: object) -> bool:
    return isinstance(key, Integral) and not isinstance(key, bool) and int(key) >= 0


def ids(y: Any, class_weight: Mapping[int, float]) -> np.ndarray:
    """The class of each row, shape (n,).

    Raises:
        ValueError: If the targets are not one class a row.
    """
    if not isinstance(y, np.ndarray):
        raise check.invalid("class_weight", "a model with one output", class_weight)
    found = class_ids(y)
    if found is None:
        expected = f"one class id a row, not targets of shape {y.shape}"
        advice = "Weigh the rows, or their steps, with `(x, y, sample_weight)`."
        raise check.invalid("class_weight", expected, class_weight, advice)
    return found


def weights(y: Any, weight: Any, class_weight: Mapping[int, float]) -> np.ndarray:
    """`w_i = sample_weight_i * class_weight[y_i]`, 1 for a class without a weight, as in `fit`."""
    labels = ids(y, class_weight)
    found = np.array([class_weight.get(int(label), 1.0) for label in labels], "float32")
    return found if weight is None else found * weight


def classes(y: np.ndarray, labels: np.ndarray) -> int:
    """One more than the largest id, or the columns of one-hot targets."""
    return y.shape[1] if is_one_hot(y) else int(labels.max()) + 1


def agree(class_weight: Mapping[int, float] | None, targets: Sequence[Any]) -> list[str]:
    """Sentences about classes without a weight.

    Args:
        class_weight: Checked weights, or `None`.
        targets: The targets of all rows that are known, side by side.

    Raises:
        ValueError: For a weight of a class that no target can have.
    """
    if class_weight is None or not targets:
        return []
    sides = [(y, ids(y, class_weight)) for y in targets]
    count = max(classes(y, labels) for y, labels in sides)
    unknown = [key for key in class_weight if key >= count]
    if unknown:
        expected = f"class ids below {count}, the number of classes in the targets"
        raise check.invalid("class_weight", expected, dict(class_weight))
    present = {int(label) for _, labels in sides for label in np.unique(labels)}
    missing = sorted(present - class_weight.keys())
    return [UNWEIGHTED.format(", ".join(map(str, missing)))] if missing else []
