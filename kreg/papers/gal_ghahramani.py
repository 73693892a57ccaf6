"""Dropout with L2 on two regression tables, beside the numbers its authors published.

Gal & Ghahramani (Dropout as a Bayesian Approximation, 2016; grid re-run by the authors in 2018):
one hidden layer of 50 ReLU units, dropout before both layers, L2 of weight
`l**2 (1 - p) / (2 N tau)`, Adam, batches of 128, 4,000 epochs, and the mean of many stochastic
passes as the prediction. Judged is the RMSE of that mean on the validation rows of 20 splits, for
each dropout rate.

The networks of the 20 splits are trained side by side in one stacked model: they share no weight,
and Adam is elementwise, so each is trained as if it were alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kreg import check, files
from kreg.layers import Dropout, mc_predict
from kreg.papers import gal_ghahramani_data as tables
from kreg.papers.data_folder import data_folder
from kreg.papers.gal_ghahramani_data import Splits
from kreg.regularizers import L2

Shape = tuple[int, ...]

RATES = (0.005, 0.01, 0.05, 0.1)
TAU = {"concrete": 0.05, "power": 0.1}  # the middle of the published grid; it hardly moves the RMSE
EPOCHS = 4000
LENGTH_SCALE = 0.01
HIDDEN = 50
BATCH = 128


def run(
    out_dir: str | Path,
    *,
    data_dir: str | Path | None = None,
    datasets: Sequence[str] = ("concrete", "power"),
    rates: Sequence[float] = RATES,
    epochs: Mapping[str, int] | None = None,
    samples: int = 1000,
    splits: int = 20,
    seed: int = 0,
) -> dict[str, Any]:
    """Train every cell, print and write the table, return it.

    Args:
        out_dir: Where `gal_ghahramani.json` and `gal_ghahramani.txt` go; grows cell by cell.
        data_dir: The folder with `uci_regression/`. Defaults to the variable `KREG_DATA`.
        datasets: Names among `concrete` and `power`.
        rates: Dropout rates of the published grid.
        epochs: `{dataset: whole number}`; what is missing has the published 4,000.
        samples: Stochastic passes for a prediction (published: 10,000).
        splits: How many of the 20 splits.
        seed: Whole number: of the weights, the order and the noise.

    Raises:
        ValueError: If the data are not there, or an argument is out of range.
    """
    names = [check.choice("datasets", name, TAU) for name in datasets]
    folder = data_folder(data_dir, *tables.files(names)) / tables.FOLDER
    out = Path(out_dir)
    epochs = dict.fromkeys(TAU, EPOCHS) | dict(epochs or {})
    rows: list[dict[str, Any]] = []
    for dataset in names:
        data = tables.load(folder, dataset, check.integer("splits", splits, low=2, high=20))
        for rate in rates:
            rows.append(cell(data, rate, TAU[dataset], epochs[dataset], samples, seed))
            result: dict[str, Any] = {
                "rows": rows,
                "samples": samples,
                "splits": splits,
                "text": table(rows),
            }
            files.write_json(out / "gal_ghahramani.json", result)
            files.write(out / "gal_ghahramani.txt", result["text"])
            print(result["text"].splitlines()[-2], flush=True)
    print(result["text"])
    return result


def cell(
    data: Splits, rate: float, tau: float, epochs: int, samples: int, seed: int
) -> dict[str, Any]:
    """Train one cell of the grid and compare it with the published one."""
    keras.utils.set_random_seed(seed)
    rows = len(data.x)
    penalty = LENGTH_SCALE**2 * (1 - rate) / (2 * rows * tau)
    model = network(data.x.shape[1:], rate, penalty)
    train(model, data, epochs, seed)
    mean, low, scores = judge(model, data, tau, samples, seed)
    published = tables.published(data.folder, data.name, rate, tau)
    return {
        "dataset": data.name,
        "rate": rate,
        "tau": tau,
        "epochs": epochs,
        "mc_rmse": summary(mean),
        "rmse": summary(low),
        "log_likelihood": summary(scores),
        "published": published,
        "distance_in_se": (float(mean.mean()) - published["mc_rmse"][0]) / published["mc_rmse"][1],
    }


def summary(values: np.ndarray) -> list[float]:
    """Mean and standard error over the splits."""
    return [float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))]


def network(shape: Shape, rate: float, penalty: float) -> keras.Model:
    """One network for each split, stacked: `(batch, splits, features) -> (batch, splits)`."""
    inputs = keras.Input(shape)
    x = ops.transpose(inputs, (1, 0, 2))
    x = Dropout(rate, name="drop_inputs")(x)
    x = StackedDense(shape[0], HIDDEN, penalty, "relu", name="hidden")(x)
    x = Dropout(rate, name="drop_hidden")(x)
    x = StackedDense(shape[0], 1, penalty, None, name="head")(x)
    return keras.Model(inputs, ops.transpose(x[..., 0]))


class StackedDense(keras.layers.Layer):
    """A `Dense` for each network of a stack: `(stack, batch, inputs) -> (stack, batch, units)`."""

    def __init__(
        self, stack: int, units: int, penalty: float, activation: str | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.stack = stack
        self.units = units
        self.penalty = penalty
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Shape) -> None:
        limit = (6.0 / (input_shape[-1] + self.units)) ** 0.5  # Glorot's, for one network
        self.kernel = self.add_weight(
            shape=(self.stack, input_shape[-1], self.units),
            initializer=keras.initializers.RandomUniform(-limit, limit),
            regularizer=L2(self.penalty),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.stack, 1, self.units), initializer="zeros", name="bias"
        )

    def call(self, inputs: Any) -> Any:
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


def train(model: keras.Model, data: Splits, epochs: int, seed: int) -> None:
    """`epochs` passes in batches of 128, each split in an order of its own."""
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)

    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            errors = tf.square(model(x, training=True) - y)
            loss = tf.reduce_sum(tf.reduce_mean(errors, axis=0)) + tf.add_n(model.losses)
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)

    @tf.function
    def epoch(x: tf.Tensor, y: tf.Tensor, number: tf.Tensor) -> None:
        keys = tf.random.stateless_uniform((splits, rows), seed=[seed, number])
        order = tf.argsort(keys, axis=1)
        x, y = tf.gather(x, order, batch_dims=1), tf.gather(y, order, batch_dims=1)
        x, y = tf.transpose(x, (1, 0, 2)), tf.transpose(y)
        for start in tf.range(0, full, BATCH):
            step(x[start : start + BATCH], y[start : start + BATCH])
        if rows > full:
            step(x[full:], y[full:])

    rows, splits = data.y.shape
    full = rows // BATCH * BATCH
    x = tf.constant(data.x.transpose(1, 0, 2))
    y = tf.constant(data.y.T)
    for number in range(epochs):
        epoch(x, y, tf.constant(number))


def judge(
    model: keras.Model, data: Splits, tau: float, samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per split: RMSE of the mean of the passes, expected RMSE of one pass, log-likelihood."""
    result = mc_predict(
        model, data.x_validation, samples, batch_size=256, seed=seed, keep_samples=True, verbose=0
    )
    draws = result.samples * data.scale + data.shift
    errors = draws - data.y_validation[:, None]
    mc_rmse = np.sqrt(np.square(errors.mean(axis=1)).mean(axis=0))
    rmse = np.sqrt(np.square(errors).mean(axis=(0, 1)))
    return mc_rmse, rmse, log_likelihood(errors, tau)


def log_likelihood(errors: np.ndarray, tau: float) -> np.ndarray:
    """Mean over the rows of `log mean_t N(y; draw_t, 1 / tau)`, for each split."""
    exponents = -0.5 * tau * np.square(errors)
    top = exponents.max(axis=1, keepdims=True)
    inner = top[:, 0] + np.log(np.exp(exponents - top).mean(axis=1))
    return np.asarray(inner.mean(axis=0) + 0.5 * np.log(tau / (2 * np.pi)))


def table(rows: list[dict[str, Any]]) -> str:
    """The results beside the published ones."""
    head = f"{'data':9}{'rate':>6}{'epochs':>8}{'MC RMSE':>16}{'published':>16}{'SEs off':>9}"
    head += f"{'one pass':>10}{'publ.':>8}{'LL':>9}{'publ.':>8}"
    lines = [head]
    for row in rows:
        ours, theirs = row["mc_rmse"], row["published"]["mc_rmse"]
        lines.append(
            f"{row['dataset']:9}{row['rate']:6}{row['epochs']:8}"
            f"{ours[0]:9.3f} ±{ours[1]:.3f}{theirs[0]:9.3f} ±{theirs[1]:.3f}"
            f"{row['distance_in_se']:9.2f}{row['rmse'][0]:10.2f}"
            f"{row['published']['rmse'][0]:8.2f}{row['log_likelihood'][0]:9.3f}"
            f"{row['published']['log_likelihood'][0]:8.3f}"
        )
    within = sum(abs(row["distance_in_se"]) <= 2 for row in rows)
    lines.append(f"{within} of {len(rows)} cells within two published standard errors")
    return "\n".join(lines) + "\n"
