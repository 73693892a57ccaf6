"""The loss figure as PNG. matplotlib is imported here and nowhere else."""

import io

from kreg.diagnostics.charts import LOGGED_ONLY, LOSSES, limits, values

COLOURS = {"train": "#2563c9", "val": "#d9480f", "logged": "#a9a69d", "logged dash": "#a9a69d"}


def png(doc: dict, *, width: float = 9.0, height: float = 4.2, dpi: int = 120) -> bytes:
    """The clean curves with the validation's band, the best epoch and the logged curves in grey."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    draw(figure.add_subplot(), doc)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def draw(axes, doc: dict) -> None:
    """Draw the document's losses on matplotlib axes."""
    curves, verdict = doc["curves"], doc["verdict"]
    styles = LOSSES if verdict["honest"] else LOGGED_ONLY
    shown = {name: curves[name] for name in styles if values(curves.get(name))}
    for name, ys in shown.items():
        label, style = styles[name]
        grey = "logged" in style
        points = [(x, y) for x, y in zip(curves["epochs"], ys) if y is not None]
        dashes = "--" if "dash" in style else "-"
        axes.plot(*zip(*points), label=label, color=COLOURS[style], linestyle=dashes,
                  linewidth=1.1 if grey else 2, zorder=1 if grey else 3)  # fmt: skip
    band(axes, curves, verdict["monitor"])
    if verdict["best_epoch"] is not None:
        axes.axvline(verdict["best_epoch"], color="#5b5f69", linewidth=1, linestyle=":")
    if shown:
        low, high, log = limits(shown, verdict["honest"])
        axes.set_yscale("log" if log else "linear")
        axes.set_ylim(low, high)
        axes.legend(frameon=False, fontsize=9)
    axes.set_title(verdict["headline"], loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.spines[["top", "right"]].set_visible(False)


def band(axes, curves: dict, monitor: str) -> None:
    rows = [
        (epoch, center - error, center + error)
        for epoch, center, error in zip(
            curves["epochs"], curves.get(monitor) or [], curves.get("val_standard_error") or []
        )
        if center is not None and error is not None
    ]
    if rows:
        axes.fill_between(*zip(*rows), color=COLOURS["val"], alpha=0.13, linewidth=0)
