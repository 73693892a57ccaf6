"""The loss figure as PNG, for where SVG cannot go. matplotlib is imported here and nowhere else."""

import io
from typing import TYPE_CHECKING

import numpy as np

from kreg.diagnostics.report_document import Document
from kreg.pages.sections.curves import drawn, error_rows, limits, others
from kreg.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"train": "#2563c9", "val": "#d9480f", "logged": "#a9a69d", "logged dash": "#a9a69d"}
COLOURS["val thin dash"] = COLOURS["val"]


def png(doc: Document, *, width: float = 9.0, height: float = 4.2, dpi: int = 120) -> bytes:
    """The clean curves with the validation's band, the best epoch and the logged curves in grey."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    axes = figure.add_subplot()
    draw_curves(axes, doc)
    label(axes, doc["verdict"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def draw_curves(axes: "Axes", doc: Document) -> None:
    """The curves, the error band, and an axis that shows the judged ones in full."""
    epochs, shown, beside = doc["curves"]["epochs"], drawn(doc), others(doc)
    lines = {**{style: (epochs, ys) for style, ys in shown.items()}, **beside}
    for (name, style), (xs, ys) in lines.items():
        grey = "logged" in style
        points = [(x, y) for x, y in zip(xs, ys) if y is not None]
        dashes, width, above = (
            "--" if "dash" in style else "-",
            1.1 if grey else 2,
            1 if grey else 3,
        )
        axes.plot(*zip(*points), label=name, color=COLOURS[style], linestyle=dashes,
                  linewidth=width, zorder=above)  # fmt: skip
    band = np.array(error_rows(doc)).reshape(-1, 3).T
    axes.fill_between(band[0], band[1], band[2], color=COLOURS["val"], alpha=0.13, linewidth=0)
    if shown:
        low, high, log = limits(shown | {style: ys for style, (_, ys) in beside.items()})
        axes.set_yscale("log" if log else "linear")
        axes.set_ylim(low, high)
        axes.legend(frameon=False, fontsize=9)


def label(axes: "Axes", verdict: Document) -> None:
    """The verdict above, the best epoch as a line."""
    if verdict["best_epoch"] is not None:
        axes.axvline(verdict["best_epoch"], color="#5b5f69", linewidth=1, linestyle=":")
    axes.set_title(printable(verdict["headline"]), loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.spines[["top", "right"]].set_visible(False)
