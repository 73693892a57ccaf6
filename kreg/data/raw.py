"""What a source reads, before anything is split or fitted."""

import dataclasses
from collections.abc import Callable

import numpy as np

TASKS = ("classification", "binary", "regression")


@dataclasses.dataclass
class Raw:
    """Rows in the order of their source.

    Args:
        x: Array `(rows, ...)`, a lazy image source, or a pandas frame that `preprocess` can fit.
        y: Class ids `(rows,)`, or float targets `(rows,)` or `(rows, targets)`.
        task: One of `TASKS`.
        test: The source's own test rows, `(x, y)`, or `None`.
        group: One label a row; rows of one group never straddle two splits. Or `None`.
        time: One sortable value a row; the future never trains the past. Or `None`.
        preprocess: Called with the training rows of `x`; returns a fitted object that maps rows to
            float32 arrays and names them. `None` leaves `x` as it is.
        suspects: Columns that may be groups: `{name: values}`. Rows that share a value and
            straddle two splits are worth a warning.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    task: str
    class_names: list[str] = dataclasses.field(default_factory=list)
    feature_names: list[str] = dataclasses.field(default_factory=list)
    is_image: bool = False
    test: tuple | None = None
    weight: np.ndarray | None = None
    group: np.ndarray | None = None
    time: np.ndarray | None = None
    preprocess: Callable | None = None
    suspects: dict = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        """Class ids without names are named by their numbers."""
        self.y = np.asarray(self.y)
        ids = self.task != "regression" and self.y.dtype.kind in "iu" and self.y.size
        if ids and not self.class_names:
            self.class_names = [str(number) for number in range(int(self.y.max()) + 1)]

    def rows(self, indices):
        """These rows of `x`, whatever `x` is."""
        if hasattr(self.x, "iloc"):
            return self.x.iloc[indices]
        return self.x.take(indices) if not isinstance(self.x, np.ndarray) else self.x[indices]


def classes_task(classes: int) -> str:
    """The task of integer labels: two classes make it binary."""
    return "binary" if classes == 2 else "classification"
