"""What `kreg.select_features` found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kreg import check
from kreg.surgery.features import named
from kreg.surgery.table import text_table


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

    def as_dict(self) -> dict:
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
