"""`trainer.class_weight`: what each class weighs in the loss that is trained on, and nowhere else.

Scores, curves and verdict stay unweighted: they say how the model does on the rows as they come.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kreg import check

if TYPE_CHECKING:
    from kreg.data import Data, Split

Choice = str | Mapping[str, float]
NONE, BALANCED = "none", "balanced"


def weights(choice: Choice, data: "Data") -> NDArray[np.float32] | None:
    """One weight a class, in the order of `data.class_names`; `None` where nothing is weighed.

    `"balanced"` is `rows / (classes * rows of the class)` of the training rows, so that each class
    has the same share of the loss. Source: King & Zeng, Logistic regression in rare events data,
    2001; as in scikit-learn's `compute_class_weight`.

    Args:
        choice: `"none"`, `"balanced"`, or a number for each class by its name.
        data: The split rows.

    Raises:
        ValueError: If the task has no classes, or the names are not exactly those of the classes.
    """
    if choice == NONE:
        return None
    if not data.class_names:
        raise ValueError(
            f"trainer.class_weight weighs classes, but {data.name} has none: its task is "
            f"{data.task}. Leave it out."
        )
    if isinstance(choice, Mapping):
        return _named(choice, data.class_names)
    counts = np.bincount(data.train.y, minlength=len(data.class_names))
    present = counts > 0
    found = len(data.train) / (present.sum() * np.maximum(counts, 1))
    return np.where(present, found, 0).astype(np.float32)


def _named(choice: Mapping[str, float], names: list[str]) -> NDArray[np.float32]:
    from kreg.data.assembly import safe

    given = {safe(name): weight for name, weight in choice.items()}
    for name in given:
        check.choice("trainer.class_weight", name, names)
    missing = [name for name in names if name not in given]
    if missing:
        raise check.invalid(
            "trainer.class_weight",
            f"a number for each of the classes {', '.join(names)}",
            dict(choice),
            f"{missing[0]!r} is missing.",
        )
    return np.array([given[name] for name in names], np.float32)


def weighted(split: "Split", each: NDArray[np.float32] | None) -> "Split":
    """The rows with the weights of their classes, on top of weights of their own."""
    if each is None:
        return split
    from kreg.data.dataset import Split

    own = each[split.y]
    return Split(split.x, split.y, own if split.weight is None else own * split.weight)


def by_name(each: NDArray[np.float32] | None, data: "Data") -> dict[str, float] | None:
    """What each class weighs, for readers."""
    return None if each is None else dict(zip(data.class_names, each.tolist(), strict=True))


def told(choice: Choice) -> str:
    """What the first line adds to the task.

    >>> told("balanced")
    ', trained with balanced class weights (scores are unweighted)'
    """
    if choice == NONE:
        return ""
    how = "class weights" if isinstance(choice, Mapping) else f"{choice} class weights"
    return f", trained with {how} (scores are unweighted)"
