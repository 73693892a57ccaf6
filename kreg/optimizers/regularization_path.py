"""A regularization path: one model, many strengths, each started from the solution before it."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.optimizers.convex_problem import convex_problem
from kreg.optimizers.objective import data_loss, penalised, penalty_now
from kreg.optimizers.path_result import Path
from kreg.optimizers.proximal_step import Proximal
from kreg.regularizers import Penalty
from kreg.regularizers.prox import Tensor


def path(
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    strengths: Iterable[float] | None = None,
    count: int = 50,
    ratio: float = 1e-3,
    steps: int = 600,
    validation_data: tuple[Any, Any] | None = None,
    names: Sequence[str] | None = None,
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
        strengths: Values > 0 of the first strength of the first penalty that has one. Defaults to
            `count` values on a logarithmic grid from `strength_max` down to `ratio * strength_max`;
            a model that is not one dense unit has no `strength_max` and must be given them.
        count: Whole number >= 2. Defaults to `50`.
        ratio: Number in (0, 1). Defaults to `1e-3`.
        steps: Whole number >= 1: optimizer steps at each strength. Defaults to `600`.
        validation_data: `(x, y)` for `val_loss`, or `None`.
        names: Names of the coefficients. Defaults to `w0`, `w1`, ...

    Returns:
        A `Path`. Its losses hold what `add_loss` and activity regularizers add.

    Raises:
        ValueError: If no weight has a penalty of kreg, or none of them has a strength, as sets
            such as `kreg.MaxNorm` have none.

    Source: Friedman, Hastie & Tibshirani, Regularization paths for generalized linear models via
    coordinate descent, 2010.
    """
    steps = check.integer("steps", steps, low=1)
    optimizer = optimizer_of(model)
    pairs = penalised(model)
    if not pairs:
        raise ValueError("The model has no kreg penalty to follow. Attach one: `kreg.regularize`.")
    optimizer.build(model.trainable_variables)
    chosen = grid(model, x, y, count, ratio) if strengths is None else strengths
    chosen = np.sort([check.number("strengths", s, low=0, low_open=True) for s in chosen])[::-1]
    base = {id(p): p.strengths() for _, p in pairs}
    lead = first_strength(pairs)
    rows = []
    for strength in chosen:
        scale_strengths(pairs, base, strength / lead)
        train(model, optimizer, x, y, steps)
        rows.append(measure(model, x, y, validation_data))
    coefficients, loss, objective, val_loss = zip(*rows, strict=True)
    coefficients = np.array(coefficients)
    names = list(names) if names is not None else [f"w{i}" for i in range(coefficients.shape[1])]
    validated = None if validation_data is None else np.array(val_loss)
    return Path(chosen, coefficients, np.array(objective), np.array(loss), validated, names)


def first_strength(pairs: list[tuple[keras.Variable, Penalty]]) -> float:
    """The strength by which the path goes, as it is at the start.

    Raises:
        ValueError: If there is none, or it is 0.
    """
    found = [value for _, penalty in pairs for value in penalty.strengths().values()]
    if not found:
        sets = ", ".join(dict.fromkeys(f"kreg.{type(p).__name__}" for _, p in pairs))
        raise ValueError(
            f"A path needs a penalty with a strength, such as kreg.L1, and {sets} has none: a "
            "weight is inside the set or not. Attach one with `kreg.regularize`."
        )
    if found[0] == 0:
        raise ValueError("The first strength is 0: the proportion to the others is not defined.")
    return found[0]


def optimizer_of(model: keras.Model) -> Proximal:
    """The model's kreg optimizer."""
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if not isinstance(optimizer, Proximal):
        raise check.invalid("model", "a model compiled with an optimizer of kreg.optimizers", model)
    return optimizer


def grid(model: keras.Model, x: Any, y: Any, count: int, ratio: float) -> np.ndarray:
    """Geometric, from the smallest strength at which all weights are zero."""
    count = check.integer("count", count, low=2)
    ratio = check.number("ratio", ratio, low=0, high=1, low_open=True, high_open=True)
    problem = convex_problem(model)
    penalty = penalised(model)[0][1]
    if problem is None or not hasattr(penalty, "strength_max"):
        raise ValueError(
            "The largest useful strength is known for one dense unit with a squared or logistic "
            "loss and an L1 or ElasticNet penalty only. Pass `strengths=`."
        )
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64").ravel()
    largest = penalty.strength_max(problem.gradient_at_zero(x.reshape(len(x), -1), y))
    return largest * np.geomspace(1, ratio, count)


def scale_strengths(
    pairs: list[tuple[keras.Variable, Penalty]], base: dict[int, dict[str, float]], factor: float
) -> None:
    for penalty in {id(p): p for _, p in pairs}.values():
        for name, value in base[id(penalty)].items():
            setattr(penalty, name, value * factor)


def train(model: keras.Model, optimizer: keras.Optimizer, x: Any, y: Any, steps: int) -> None:
    """So many full-batch steps, the optimizer's clock from zero."""
    import tensorflow as tf  # tf.data feeds every backend, without a copy a step

    optimizer.iterations.assign(0)
    whole = tf.data.Dataset.from_tensors((x, y)).repeat(steps)
    model.fit(whole, epochs=1, shuffle=False, verbose=0)


def measure(
    model: keras.Model, x: Any, y: Any, validation_data: tuple[Any, Any] | None
) -> tuple[np.ndarray, float, float, float | None]:
    """`(coefficients, loss, objective, validation loss)` now."""
    pairs = penalised(model)
    weights = [ops.convert_to_numpy(v).ravel() for v, _ in pairs]
    penalties = sum(penalty_now(model, v, p) for v, p in pairs)
    loss = number(data_loss(model, x, y))
    val_loss = None if validation_data is None else number(data_loss(model, *validation_data))
    return np.concatenate(weights), loss, loss + penalties, val_loss


def number(tensor: Tensor) -> float:
    return float(ops.convert_to_numpy(tensor))
