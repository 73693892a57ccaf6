"""A regularization path that was found: coefficients and losses by strength, and their picture."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LABELS = 16


@dataclass
class Path:
    """What `kreg.path` found; row i belongs to strength i.

    Attributes:
        strengths: `(k,)`, from strong to weak.
        coefficients: `(k, weights)`: all penalised weights, flattened.
        objective: `(k,)`: data loss plus penalties, on the training rows.
        loss: `(k,)`: data loss on the training rows.
        val_loss: `(k,)`: data loss on the validation rows, or `None`.
        names: The coefficients' names.
    """

    strengths: np.ndarray
    coefficients: np.ndarray
    objective: np.ndarray
    loss: np.ndarray
    val_loss: np.ndarray | None
    names: list[str]

    @property
    def zeros(self) -> np.ndarray:
        """`(k,)`: the number of weights that are exactly zero."""
        return np.sum(self.coefficients == 0, axis=1)

    @property
    def best(self) -> int:
        """The row with the lowest validation loss, or training loss without validation rows."""
        return int(np.argmin(self.loss if self.val_loss is None else self.val_loss))

    def events(self) -> list[tuple[float, str, str]]:
        """`(strength, name, "enters" | "leaves")`, in order; the strength is the first with it."""
        alive = self.coefficients != 0
        before = np.vstack([np.zeros_like(alive[:1]), alive[:-1]])
        words = {True: "enters", False: "leaves"}
        return [
            (float(self.strengths[row]), self.names[column], words[bool(alive[row, column])])
            for row, column in np.argwhere(alive != before)
        ]

    def plot(self, file: str | PathLike[str] | None = None) -> "Figure":
        """Coefficients over strength, and the losses below; returns the matplotlib figure.

        Args:
            file: Path to write the figure to. Defaults to `None`.
        """
        return plot_path(self, file)


def plot_path(path: Path, file: str | PathLike[str] | None = None) -> "Figure":
    """Coefficients and losses over the strength, strong penalties on the left."""
    from matplotlib.figure import Figure  # no global state, no window, a late import

    figure = Figure(figsize=(8, 6.5), layout="constrained")
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(2.2, 1))
    draw_coefficients(top, path)
    bottom.plot(path.strengths, path.loss, color="0.45", label="training")
    if path.val_loss is not None:
        bottom.plot(path.strengths, path.val_loss, color="C3", label="validation")
        bottom.axvline(path.strengths[path.best], color="C3", lw=0.8, ls=":")
    bottom.set(xscale="log", xlabel="strength", ylabel="loss without penalty")
    bottom.invert_xaxis()
    bottom.legend(frameon=False)
    if file is not None:
        figure.savefig(file, dpi=144)
    return figure


def draw_coefficients(axes: "Axes", path: Path) -> None:
    shown = path.coefficients.shape[1] <= MOST_LABELS
    for name, values in zip(path.names, path.coefficients.T, strict=True):
        # a weight that is zero has no line: what is not there is not drawn
        (line,) = axes.plot(path.strengths, np.where(values == 0, np.nan, values), lw=1.4)
        if shown and values[-1] != 0:
            end = (path.strengths[-1], values[-1])
            axes.annotate(f" {name}", end, color=line.get_color(), va="center", fontsize=8)
    axes.axhline(0, color="0.7", lw=0.6)
    axes.set(ylabel="weight")
