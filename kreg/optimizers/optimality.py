"""How far from the optimum: a proof for convex models, a residual for all others."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.optimizers.convex_problem import ConvexProblem, convex_problem
from kreg.optimizers.objective import (
    data_gradients,
    data_loss,
    penalised,
    penalty_now,
    settings_now,
)
from kreg.regularizers import Penalty


@dataclass
class Certificate:
    """What `kreg.certificate` found.

    Attributes:
        objective: Data loss plus kreg's penalties.
        gap: Upper bound of `objective - minimum`, by duality; `None` where the model is not a
            convex one, or has no penalty.
        stationarity: Largest entry of `w - prox_R(w - gradient)`: 0 at every optimum.
        weights: The same for each trainable weight, by path.
    """

    objective: float
    gap: float | None
    stationarity: float
    weights: dict[str, float] = field(repr=False)

    @property
    def relative_gap(self) -> float | None:
        """`gap / objective`."""
        return None if self.gap is None else self.gap / self.objective


def certificate(model: keras.Model, x: Any, y: Any) -> Certificate:
    """How far a compiled model is from the minimum of its own training objective.

    For one dense unit with a squared or logistic loss and `L1`, `L2` or `ElasticNet`, the gap is
    proved: no weights at all have an objective below `objective - gap`. For every other model
    the residual says how nearly the weights are a stationary point. Everything is in inference
    mode, on exactly the rows that are passed.

    Args:
        model: A compiled, built `keras.Model`.
        x: Training inputs.
        y: Training targets.

    Returns:
        A `Certificate`.

    Source of the gap: Massias, Gramfort & Salmon, Celer, 2018.
    """
    if not getattr(model, "compiled", False) or not model.built:
        raise check.invalid("model", "a compiled, built keras.Model", model)
    residuals = stationarity(model, x, y)
    penalties = sum(penalty_now(model, v, p) for v, p in penalised(model))
    objective = float(ops.convert_to_numpy(data_loss(model, x, y))) + penalties
    problem = convex_problem(model)
    gap = None if problem is None else duality_gap(problem, np.asarray(x), np.asarray(y))
    return Certificate(objective, gap, max(residuals.values()), residuals)


def stationarity(model: keras.Model, x: Any, y: Any) -> dict[str, float]:
    """`max |w - prox_R(w - gradient)|` for each trainable weight, by path."""
    penalties = {id(v): p for v, p in penalised(model)}
    gradients = data_gradients(model, x, y)
    return {
        v.path: residual(model, v, penalties.get(id(v)), gradient)
        for v, gradient in zip(model.trainable_weights, gradients, strict=True)
    }


def residual(
    model: keras.Model, variable: keras.Variable, penalty: Penalty | None, gradient: np.ndarray
) -> float:
    w = ops.convert_to_tensor(variable)
    if penalty is None:
        return float(np.max(np.abs(gradient)))
    s = penalty.at(w, settings_now(model, variable, penalty))
    step = ops.convert_to_tensor(gradient) + penalty.smooth_gradient(w, s)
    moved = w - penalty.sharp_prox(w - step, 1.0, s)
    return float(np.max(np.abs(ops.convert_to_numpy(moved))))


def duality_gap(problem: ConvexProblem, x: np.ndarray, y: np.ndarray) -> float | None:
    """Primal minus dual objective, in float64; `None` without a penalty.

    With `rho = -d loss / d prediction` and `u = X' rho`, the dual objective is
    `-loss*(-rho) - R*(u)`. A lasso needs `|u| <= l1`, which scaling `rho` reaches; with a ridge
    part `R*(u) = sum soft(u, l1)^2 / (4 * l2)`. The bias asks for `sum rho = 0`.
    """
    if problem.l1 == 0 and problem.l2 == 0:
        return None
    x = x.reshape(len(x), -1).astype("float64")
    y = y.ravel().astype("float64")
    w, b = problem.weights()
    primal = loss(problem, y, x @ w + b)
    primal += problem.l1 * np.abs(w).sum() + problem.l2 * np.square(w).sum()
    rho = dual_point(problem, y, x @ w)
    u = x.T @ rho
    if problem.l2 == 0:
        rho = rho * min(1.0, problem.l1 / max(np.abs(u).max(), 1e-300))
        return float(primal - concave_part(problem, y, rho))
    conjugate = np.square(np.maximum(np.abs(u) - problem.l1, 0)).sum() / (4 * problem.l2)
    return float(primal - concave_part(problem, y, rho) + conjugate)


def loss(problem: ConvexProblem, y: np.ndarray, prediction: np.ndarray) -> float:
    if problem.logistic:
        return float(np.mean(np.logaddexp(0, prediction) - y * prediction))
    return float(np.mean((y - prediction) ** 2))


def dual_point(problem: ConvexProblem, y: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Minus the gradient of the loss for the predictions, at the bias that is best for `margin`."""
    n = len(y)
    if not problem.logistic:
        r = y - margin
        return 2 * (r - r.mean() if problem.layer.use_bias else r - problem.weights()[1]) / n
    b = problem.weights()[1]
    for _ in range(50 if problem.layer.use_bias else 0):  # Newton for one number
        p = 1 / (1 + np.exp(-(margin + b)))
        b += np.sum(y - p) / max(np.sum(p * (1 - p)), 1e-300)
    return (y - 1 / (1 + np.exp(-(margin + b)))) / n


def concave_part(problem: ConvexProblem, y: np.ndarray, rho: np.ndarray) -> float:
    """`-loss*(-rho)`: the dual objective without the penalty."""
    n = len(y)
    if not problem.logistic:
        return float(y @ rho - n / 4 * rho @ rho)
    a = np.clip(n * np.abs(rho), 1e-300, 1 - 1e-16)
    return float(-np.mean(a * np.log(a) + (1 - a) * np.log1p(-a)))
