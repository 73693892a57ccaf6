"""Duality gaps of linear models: how far above its minimum an objective is at most."""

from typing import Any

import keras
import numpy as np

from kreg.optimizers.convex_problem import ConvexProblem, convex_problem, softmax_problem
from kreg.optimizers.softmax_gap import softmax_gap


class LinearGap:
    """The duality gap of a compiled model, again and again on the same rows.

    Args:
        model: A compiled, built `keras.Model`.
        x: Training inputs; they are read once and kept as float64, as the dense layer sees them.
        y: Training targets.

    `found` says whether the model states a convex problem at all.
    """

    def __init__(self, model: keras.Model, x: Any, y: Any) -> None:
        self.model, self.y = model, np.asarray(y)
        problem = convex_problem(model) or softmax_problem(model)
        self.found = problem is not None
        if problem is not None:
            self.x = entering(model, problem.layer, x)

    def __call__(self) -> float | None:
        """The gap now; `None` without a penalty, or for a model that is not convex."""
        if not self.found:
            return None
        problem = convex_problem(self.model)
        if problem is not None:
            return duality_gap(problem, self.x, self.y)
        several = softmax_problem(self.model)
        if several is None or several.l1 == several.l2 == 0:
            return None
        kernel, *bias = (w.astype("float64") for w in several.layer.get_weights())
        targets = several.class_weights(self.y)
        return softmax_gap(
            self.x, targets, kernel, bias[0] if bias else None, several.l1, several.l2
        )


def entering(model: keras.Model, layer: keras.layers.Layer, x: Any) -> np.ndarray:
    """The rows as a layer gets them: whatever stands before it has no weights."""
    before = keras.Model(model.inputs, layer.input)
    rows = keras.ops.convert_to_numpy(before.predict(x, batch_size=1024, verbose=0))
    return np.reshape(rows, (len(rows), -1)).astype("float64")


def duality_gap(problem: ConvexProblem, x: np.ndarray, y: np.ndarray) -> float | None:
    """Primal minus dual objective, in float64; `None` without a penalty.

    With `rho = -d loss / d prediction` and `u = X' rho`, the dual objective is
    `-loss*(-rho) - R*(u)`. A lasso needs `|u| <= l1`, which scaling `rho` reaches; with a ridge
    part `R*(u) = sum soft(u, l1)^2 / (4 * l2)`. The bias asks for `sum rho = 0`.
    """
    if problem.l1 == 0 and problem.l2 == 0:
        return None
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
