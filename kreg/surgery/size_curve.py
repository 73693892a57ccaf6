"""A curve of validation loss against model size, and its knee."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kreg import check
from kreg.surgery.table import text_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class SizePoint:
    """One model of the path: its penalty, its size, its validation losses and metrics.

    Args:
        strength: The penalty's `l1`.
        parameters: Of the compressed model.
        flops: Multiplications and additions of the compressed model for one example.
        latency_ms: Median time of one prediction of one batch; `None` where not measured.
        loss: Validation loss of the compressed and refitted model, without penalties.
        metrics: Its further validation metrics.
        model: The compressed and refitted model, plain Keras, not compiled.
    """

    strength: float
    parameters: int
    flops: int
    latency_ms: float | None
    loss: float
    metrics: dict[str, float]
    model: keras.Model


@dataclass(frozen=True)
class SizePath:
    """The points from the strongest penalty to the weakest, and the size of the dense model."""

    points: tuple[SizePoint, ...]
    dense_parameters: int

    @property
    def knee(self) -> int:
        """The index of the point from which more parameters buy little (see `knee_of`)."""
        return knee_of([p.parameters for p in self.points], [p.loss for p in self.points])

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; models are left out."""
        fields = ("strength", "parameters", "flops", "latency_ms", "loss", "metrics")
        points = [{name: getattr(point, name) for name in fields} for point in self.points]
        return {"points": points, "knee": self.knee, "dense_parameters": self.dense_parameters}

    def __str__(self) -> str:
        header = ("strength", "parameters", "of dense", "latency ms", "val loss", "")
        rows = [
            (f"{p.strength:.2g}", p.parameters, f"{p.parameters / self.dense_parameters:.1%}",
             "-" if p.latency_ms is None else f"{p.latency_ms:.2f}", f"{p.loss:.4f}",
             "knee" if i == self.knee else "-")
            for i, p in enumerate(self.points)
        ]  # fmt: skip
        return text_table(header, rows)

    def plot(self, axes: "Axes | None" = None, against: str = "parameters") -> "Axes":
        """Draw validation loss against size, the knee marked.

        Args:
            axes: Matplotlib axes; `None` makes a new figure.
            against: `"parameters"`, `"flops"` or `"latency_ms"`.

        Returns:
            The axes.
        """
        check.choice("against", against, ("parameters", "flops", "latency_ms"))
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(6, 4))[1] if axes is None else axes
        points = sorted(self.points, key=lambda p: getattr(p, against))
        knee = self.points[self.knee]
        axes.semilogx([getattr(p, against) for p in points], [p.loss for p in points], "o-")
        axes.plot(getattr(knee, against), knee.loss, "o", markersize=14, fillstyle="none")
        axes.annotate(f"knee: {knee.parameters} parameters", (getattr(knee, against), knee.loss),
                      textcoords="offset points", xytext=(12, 12))  # fmt: skip
        axes.set(xlabel=against.replace("_ms", " (ms)"), ylabel="validation loss")
        return axes


def knee_of(sizes: Sequence[float], losses: Sequence[float]) -> int:
    """The point farthest below the line from the smallest to the largest model.

    Sizes on a logarithmic scale, both axes scaled to [0, 1] (Satopaa et al., Kneedle, 2011). The
    smallest point wins a tie, and where no point lies below the line, the one of least loss wins. A
    point that another one beats, no larger and with no larger loss, is not asked.

    >>> knee_of([10, 100, 1000, 10000], [2.0, 0.5, 0.45, 0.44])
    1
    >>> knee_of([10, 20, 30, 40], [0.10, 0.12, 0.19, 0.50])
    0
    """
    x, y = np.asarray(sizes, "float64"), np.asarray(losses, "float64")
    trained = np.flatnonzero(np.isfinite(y))
    if not len(trained):
        return 0
    front = trained[unbeaten(x[trained], y[trained])]
    return int(front[farthest(x[front], y[front])])


def unbeaten(sizes: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """The indices of the points than which none is better, in size or loss, and no worse."""
    least = np.array([losses[sizes <= size].min() for size in sizes])
    smallest = np.array([sizes[losses <= loss].min() for loss in losses])
    return np.flatnonzero((losses <= least) & (sizes <= smallest))


def farthest(sizes: np.ndarray, losses: np.ndarray) -> int:
    """The point farthest below the line, among those that none beats."""
    x, y = unit(np.log(sizes)), unit(losses)
    order = np.lexsort((y, x))
    first, last = order[0], order[-1]
    rise = (y[last] - y[first]) / (x[last] - x[first]) if x[last] > x[first] else 0.0
    below = (y[first] + rise * (x - x[first])) - y
    if below.max() <= 1e-12:
        return int(np.argmin(y))
    return int(order[np.argmax(below[order])])


def unit(values: np.ndarray) -> np.ndarray:
    span = values.max() - values.min()
    return (values - values.min()) / span if span else np.zeros_like(values)
