"""The picture of a regularization path."""

import numpy as np

MOST_LABELS = 16


def plot_path(path, file=None):
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


def draw_coefficients(axes, path) -> None:
    shown = path.coefficients.shape[1] <= MOST_LABELS
    for name, values in zip(path.names, path.coefficients.T, strict=True):
        # a weight that is zero has no line: what is not there is not drawn
        (line,) = axes.plot(path.strengths, np.where(values == 0, np.nan, values), lw=1.4)
        if shown and values[-1] != 0:
            end = (path.strengths[-1], values[-1])
            axes.annotate(f" {name}", end, color=line.get_color(), va="center", fontsize=8)
    axes.axhline(0, color="0.7", lw=0.6)
    axes.set(ylabel="weight")
