"""Double descent: the test loss falls, rises at the size that can just memorise, and falls again.

One hidden layer, ever wider, on a few digits of which some labels are wrong; once without a penalty
and once with L2. Source: Belkin et al., Reconciling modern machine-learning practice and the
classical bias-variance trade-off, 2019; Nakkiran et al., Optimal regularization can mitigate double
descent, 2021.

Measured with the defaults, means over three seeds (`arguments.seeds=3`; a minute a seed on a busy
core), clean test loss and error:

    hidden units             2     4     8    12    16    32    64   128   256   512
    no penalty, loss      1.80  1.50  1.97  2.26  2.04  1.88  1.54  1.25  1.14  0.95
    no penalty, error     0.71  0.44  0.39  0.38  0.33  0.33  0.29  0.26  0.24  0.21
    L2 0.003, loss        1.49  1.06  0.72  0.63  0.63  0.61  0.58  0.57  0.55  0.56
    L2 0.003, error       0.59  0.36  0.19  0.17  0.17  0.16  0.15  0.15  0.14  0.14

Without a penalty the loss rises 1.50-fold to 12 units, just below the 16 that memorise every row,
and falls 2.38-fold after. L2 removes the peak: the largest rise is 1.01-fold. It is a peak of the
loss; the error has none here, it falls on or rests.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from kreg import check, files, models, optimizers, regularizers
from kreg.surgery import regularize

WIDTHS = (2, 4, 8, 12, 16, 24, 32, 64, 128, 256, 512)
Rows = tuple[np.ndarray, np.ndarray]  # inputs and labels
Row = dict[str, Any]  # what was measured of one width and strength
CLASSES = 10
TEST_ROWS = 1000
MEMORISED = 1e-3  # training error, below one row
RISE = 1.05  # less is jitter


def run(
    out_dir: str | Path,
    *,
    widths: Sequence[int] = WIDTHS,
    rows: int = 300,
    label_noise: float = 0.2,
    l2: float = 3e-3,
    steps: int = 600,
    seeds: int = 1,
) -> dict[str, Any]:
    """Train every width with and without L2 and draw clean losses on the rows never trained on.

    Args:
        out_dir: Where `double_descent.json` and `double_descent.svg` go.
        widths: Whole numbers >= 1 of hidden units.
        rows: Training rows, from 50 to 700 of scikit-learn's digits.
        label_noise: The fraction of training labels drawn anew at random, in [0, 1).
        l2: Number > 0: the strength of the curve with a penalty.
        steps: Whole number >= 1 of full-batch steps of Adam.
        seeds: Whole number >= 1 of splits and starts to average.

    Returns:
        `{"rows": [...], "peak": ..., "settings": {...}}`: for each width and strength the number of
        parameters and the mean losses and errors; `peak` tells where and how high the curve is.
    """
    check.integer("rows", rows, low=50, high=700)
    check.number("label_noise", label_noise, low=0, high=1, high_open=True)
    check.number("l2", l2, low=0, low_open=True)
    check.integer("steps", steps, low=1)
    measured: list[Row] = []
    for strength in (0.0, l2):
        for width in widths:
            runs = [
                one_run(digits(rows, label_noise, seed), width, strength, steps, seed)
                for seed in range(check.integer("seeds", seeds, low=1))
            ]
            mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
            measured.append({"width": int(width), "l2": strength, **mean})
    settings = {"rows": rows, "label_noise": label_noise, "l2": l2, "steps": steps, "seeds": seeds}
    result: dict[str, Any] = {"rows": measured, "peak": peak(measured), "settings": settings}
    out_dir = Path(out_dir)
    files.write_json(out_dir / "double_descent.json", result)
    with files.replacing(out_dir / "double_descent.svg") as temporary:
        draw(measured, settings).savefig(temporary)
    for strength, found in result["peak"].items():
        print(f"double descent: {sentence(float(strength), found)}")
    return result


def digits(rows: int, label_noise: float, seed: int) -> tuple[Rows, Rows]:
    """Training rows with some labels drawn anew, and clean test rows."""
    x, y = load_digits(return_X_y=True)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order].astype("int32")
    train_y = y[:rows].copy()
    wrong = generator.random(rows) < label_noise
    train_y[wrong] = generator.integers(0, CLASSES, wrong.sum())
    return (x[:rows], train_y), (x[-TEST_ROWS:], y[-TEST_ROWS:])


def one_run(data: tuple[Rows, Rows], width: int, l2: float, steps: int, seed: int) -> Row:
    """Train one width to the end and measure penalty-free losses and errors."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    train, test = data
    model = models.shallow(train[0].shape[1:], CLASSES, "classification", width=width)
    if l2:
        regularize(model, regularizers.L2(l2))
    model.compile(
        optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    fit_full_batches(model, train, steps)
    (train_loss, train_error), (test_loss, test_error) = (measure(model, *d) for d in data)
    return {
        "parameters": models.count_parameters(model).total,
        "train_loss": train_loss,
        "train_error": train_error,
        "test_loss": test_loss,
        "test_error": test_error,
    }


def fit_full_batches(model: keras.Model, rows: Rows, steps: int) -> None:
    """`steps` full-batch steps in one epoch: an epoch each would cost more than the arithmetic."""
    batches = tf.data.Dataset.from_tensors(rows).repeat(steps)
    model.fit(batches, epochs=1, shuffle=False, verbose=0)


def measure(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy and error rate in inference mode, without any penalty."""
    logits = model.predict_on_batch(x)
    losses = keras.ops.convert_to_numpy(
        keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
    )
    return float(np.mean(losses)), float(np.mean(np.argmax(logits, axis=1) != y))


def peak(rows: list[Row]) -> dict[str, Row]:
    """How far the test loss rises above the best smaller network, for each strength.

    A rise of 1 is none: the loss never stands above one that a smaller network had.
    """
    found = {}
    for l2 in sorted({row["l2"] for row in rows}):
        losses = np.array([row["test_loss"] for row in rows if row["l2"] == l2])
        widths = [row["width"] for row in rows if row["l2"] == l2]
        rise = losses / np.minimum.accumulate(losses)
        place = int(np.argmax(rise))
        found[str(l2)] = {
            "width": widths[place],
            "rise": float(rise[place]),
            "fall_after": float(losses[place] / losses[place:].min()),
        }
    return found


def sentence(l2: float, found: Row) -> str:
    """What `peak` has found, in words.

    >>> sentence(0.01, {"width": 8, "rise": 1.0, "fall_after": 1.0})
    'L2 0.01: the test loss never stands above that of a smaller network.'
    """
    if found["rise"] < RISE:
        return f"{label(l2)}: the test loss never stands above that of a smaller network."
    return (
        f"{label(l2)}: the test loss rises {found['rise']:.2f}-fold to {found['width']} hidden "
        f"units and falls {found['fall_after']:.2f}-fold after."
    )


def label(l2: float) -> str:
    return f"L2 {l2:g}" if l2 else "no penalty"


def memorising(rows: list[Row]) -> int | None:
    """The smallest width without a penalty that has every training label right, if there is one."""
    widths = [row["width"] for row in rows if not row["l2"] and row["train_error"] < MEMORISED]
    return min(widths, default=None)


def draw(rows: list[Row], settings: dict[str, Any]) -> Figure:
    """Test loss against width on two logarithmic axes, one curve for each strength."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for l2 in sorted({row["l2"] for row in rows}):
        curve = [row for row in rows if row["l2"] == l2]
        losses = [row["test_loss"] for row in curve]
        axes.plot([row["width"] for row in curve], losses, "o-", label=label(l2))
    threshold = memorising(rows)
    if threshold is not None:
        axes.axvline(threshold, color="0.5", lw=1, ls=":", label="memorises every row")
    axes.set(xscale="log", yscale="log", xlabel="hidden units", ylabel="clean test loss")
    widths = sorted({row["width"] for row in rows})
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.tick_params(axis="x", which="minor", bottom=False)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    noise = f"{settings['label_noise']:.0%} of the labels drawn anew"
    axes.set_title(f"{settings['rows']} training rows, {noise}")
    axes.legend(frameon=False)
    return figure
