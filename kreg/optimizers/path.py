"""A regularization path: one model, many strengths, each started from the solution before it."""

from dataclasses import dataclass

import numpy as np
from keras import ops

from kreg import check
from kreg.optimizers.linear import linear_problem
from kreg.optimizers.objective import data_loss, penalised, strengths_now
from kreg.optimizers.path_plot import plot_path
from kreg.optimizers.proximal_step import Proximal


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

    def plot(self, file=None):
        """Coefficients over strength, and the losses below; returns the matplotlib figure.

        Args:
            file: Path to write the figure to. Defaults to `None`.
        """
        return plot_path(self, file)


def path(
    model,
    x,
    y,
    *,
    strengths=None,
    count: int = 50,
    ratio: float = 1e-3,
    steps: int = 600,
    validation_data=None,
    names=None,
) -> Path:
    """Solve a penalised problem for many strengths, from strong to weak, with warm starts.

    The training step is compiled once: strengths are variables of the optimizer. Steps are on the
    full batch, and the optimizer's clock starts again at each strength, so that a learning-rate
    schedule over `steps` steps serves every one of them. Several strengths (`l1` and `l2`, or two
    penalties) move in the proportion that they have at the start.

    Args:
        model: A built model, compiled with an optimizer of `kreg.optimizers`, whose weights have
            kreg penalties. Trained in place: it ends at the weakest strength.
        x: Training inputs, `(rows, ...)`.
        y: Training targets.
        strengths: Values > 0 of the first strength of the first penalty. Defaults to `count`
            values on a logarithmic grid from `strength_max` down to `ratio * strength_max`; a
            model that is not one dense unit has no `strength_max` and must be given them.
        count: Whole number >= 2. Defaults to `50`.
        ratio: Number in (0, 1). Defaults to `1e-3`.
        steps: Whole number >= 1: optimizer steps at each strength. Defaults to `600`.
        validation_data: `(x, y)` for `val_loss`, or `None`.
        names: Names of the coefficients. Defaults to `w0`, `w1`, ...

    Returns:
        A `Path`.

    Source: Friedman, Hastie & Tibshirani, Regularization paths for generalized linear models via
    coordinate descent, 2010.
    """
    steps = check.integer("steps", steps, low=1)
    optimizer = optimizer_of(model)
    pairs = penalised(model)
    if not pairs:
        raise ValueError("The model has no kreg penalty to follow. Attach one: `kreg.regularize`.")
    optimizer.build(model.trainable_variables)
    if strengths is None:
        strengths = grid(model, x, y, count, ratio)
    strengths = np.sort([check.number("strengths", s, low=0, low_open=True) for s in strengths])
    strengths = strengths[::-1]
    base = {id(p): p.strengths() for _, p in pairs}
    lead = next(iter(base[id(pairs[0][1])].values()))
    if lead == 0:
        raise ValueError("The first strength is 0: the proportion to the others is not defined.")
    rows = []
    for strength in strengths:
        scale_strengths(pairs, base, strength / lead)
        train(model, optimizer, x, y, steps)
        rows.append(measure(model, x, y, validation_data))
    coefficients, loss, objective, val_loss = zip(*rows, strict=True)
    coefficients = np.array(coefficients)
    names = list(names) if names is not None else [f"w{i}" for i in range(coefficients.shape[1])]
    validated = None if validation_data is None else np.array(val_loss)
    return Path(strengths, coefficients, np.array(objective), np.array(loss), validated, names)


def optimizer_of(model):
    """The model's kreg optimizer."""
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if not isinstance(optimizer, Proximal):
        raise check.invalid("model", "a model compiled with an optimizer of kreg.optimizers", model)
    return optimizer


def grid(model, x, y, count: int, ratio: float) -> np.ndarray:
    """Geometric, from the smallest strength at which all weights are zero."""
    count = check.integer("count", count, low=2)
    ratio = check.number("ratio", ratio, low=0, high=1, low_open=True, high_open=True)
    problem = linear_problem(model)
    penalty = penalised(model)[0][1]
    if problem is None or not hasattr(penalty, "strength_max"):
        raise ValueError(
            "The largest useful strength is known for one dense unit with a squared or logistic "
            "loss and an L1 or ElasticNet penalty only. Pass `strengths=`."
        )
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64").ravel()
    largest = penalty.strength_max(problem.gradient_at_zero(x.reshape(len(x), -1), y))
    return largest * np.geomspace(1, ratio, count)


def scale_strengths(pairs, base: dict, factor: float) -> None:
    for penalty in {id(p): p for _, p in pairs}.values():
        for name, value in base[id(penalty)].items():
            setattr(penalty, name, value * factor)


def train(model, optimizer, x, y, steps: int) -> None:
    """So many full-batch steps, the optimizer's clock from zero."""
    import tensorflow as tf  # tf.data feeds every backend, without a copy a step

    optimizer.iterations.assign(0)
    whole = tf.data.Dataset.from_tensors((x, y)).repeat(steps)
    model.fit(whole, epochs=1, shuffle=False, verbose=0)


def measure(model, x, y, validation_data) -> tuple:
    """`(coefficients, loss, objective, validation loss)` now."""
    pairs = penalised(model)
    weights = [ops.convert_to_numpy(v).ravel() for v, _ in pairs]
    penalties = sum(
        float(ops.convert_to_numpy(p.total(ops.convert_to_tensor(v), strengths_now(model, p))))
        for v, p in pairs
    )
    loss = number(data_loss(model, x, y))
    val_loss = None if validation_data is None else number(data_loss(model, *validation_data))
    return np.concatenate(weights), loss, loss + penalties, val_loss


def number(tensor) -> float:
    return float(ops.convert_to_numpy(tensor))
