"""Which input features a model uses, and which ones a selection chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg import check
from kreg.surgery.analysis import analyse
from kreg.surgery.table import text_table

Names: TypeAlias = Sequence[str] | dict[str, Sequence[str]] | None
Features: TypeAlias = list[str] | np.ndarray  # names, or indices


def selected_features(model: keras.Model, names: Names = None) -> Features | dict[str, Features]:
    """The features that an output of the model depends on.

    A feature whose weights are all exactly zero is dropped; so is one that reaches only units
    which nothing reads. A feature is an index of the last axis of an input.

    Args:
        model: A built Functional or Sequential `keras.Model`.
        names: The names of the features, in order; for a model of several inputs a dictionary of
            such lists by input name. `None` (default) returns indices.

    Returns:
        A list of names or an array of indices; for several inputs a dictionary of these.

    Raises:
        ValueError: If the model is subclassed, or the number of names is wrong.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> model.set_weights([np.array([[2.0], [0.0], [-1.0]]), np.zeros(1)])
    >>> selected_features(model, ["age", "sex", "bmi"])
    ['age', 'bmi']
    """
    analysis = analyse(model)
    masks = {ref.layer: analysis.live[ref] for ref in analysis.graph.inputs}
    if len(masks) == 1:
        (mask,) = masks.values()
        return np.flatnonzero(mask) if names is None else named(mask, names, "names")
    if names is None:
        return {key: np.flatnonzero(mask) for key, mask in masks.items()}
    if not isinstance(names, dict) or set(names) != set(masks):
        expected = f"a dictionary with the keys {', '.join(map(repr, masks))}"
        raise check.invalid("names", expected, names)
    return {key: named(mask, names[key], key) for key, mask in masks.items()}


def named(mask: np.ndarray, names: Any, argument: str) -> list[str]:
    """The names of the features in a mask, out of the names of all."""
    if isinstance(names, str | dict) or len(names) != len(mask):
        raise check.invalid(argument, f"{len(mask)} names, one for each feature", names)
    return [names[i] for i in np.flatnonzero(mask)]


@dataclass(frozen=True)
class Selection:
    """The chosen features, and the order in which all others left.

    Args:
        order: Indices of all features that were ever in use, the last to leave first. The first
            ten are the choice of ten.
        wanted: How many were asked for.
        total: How many there are.
        strengths: Of the group lasso, from weak to strong.
        counts: `counts[i]` features were in use after training with `strengths[i]`.
    """

    order: np.ndarray
    wanted: int
    total: int
    strengths: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def features(self) -> np.ndarray:
        """Indices of the chosen features, sorted: as many as were asked for, or all in use."""
        return self.first(self.wanted)

    def first(self, count: int) -> np.ndarray:
        """Indices of the best `count` features, sorted."""
        return np.sort(self.order[: check.integer("count", count, low=1, high=self.total)])

    def names(self, names: Sequence[str]) -> list[str]:
        """The names of the chosen features, out of the names of all."""
        return named(np.isin(np.arange(self.total), self.features), names, "names")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "features": self.features.tolist(),
            "order": self.order.tolist(),
            "total": self.total,
            "strengths": list(self.strengths),
            "counts": list(self.counts),
        }

    def __str__(self) -> str:
        rows = [(f"{s:.2g}", count) for s, count in zip(self.strengths, self.counts, strict=True)]
        head = f"{len(self.features)} of {self.total} features: {self.features.tolist()}"
        return f"{head}\n{text_table(('strength', 'features in use'), rows)}"
