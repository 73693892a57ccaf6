"""Duality gaps of linear models: how far above its minimum an objective is at most."""

from functools import cached_property
from typing import Any

import keras
import numpy as np

from kreg.optimizers.convex_problem import (
    ConvexProblem,
    SoftmaxProblem,
    convex_problem,
    softmax_problem,
)
from kreg.optimizers.softmax_gap import Bounds, cross_entropy, entropy, softmax_bounds


class LinearGap:
    """The duality gap of a compiled model, again and again on the same rows.

    Args:
        model: A compiled, built `keras.Model`.
        x: Training inputs; they are read once and kept as float64, as the dense layer sees them.
        y: Training targets.

    `problem` is the convex problem that the model states, or `None`.
    """

    def __init__(self, model: keras.Model, x: Any, y: Any) -> None:
        self.problem: ConvexProblem | SoftmaxProblem | None = stated(model)
        self.model, self.y = model, np.asarray(y)
        if self.problem is not None:
            self.x = entering(model, self.problem.layer, x)

    def __call__(self) -> float | None:
        """The gap now; `None` without a penalty, or for a model that is not convex."""
        found = self.bounds()
        return None if found is None else found[0] - found[1]

    def bounds(self) -> Bounds | None:
        """The objective now and a number that it cannot fall below."""
        self.problem = stated(self.model) if self.problem is not None else None
        return None if self.problem is None else self.at(*self.problem.weights())

    def objective(self) -> float:
        """Loss and penalties now, where the model states a convex problem."""
        problem = self.convex
        kernel, bias = problem.weights()
        margin = self.x @ kernel + (0.0 if bias is None else bias)
        penalty = problem.l1 * np.abs(kernel).sum() + problem.l2 * np.square(kernel).sum()
        if isinstance(problem, ConvexProblem):
            return loss(problem, self.targets[:, 0], margin[:, 0]) + float(penalty)
        return cross_entropy(margin, self.targets) + float(penalty)

    def guessing(self) -> float:
        """The loss of the best constant: the entropy of the classes, or the targets' variance."""
        mean = self.targets.mean(axis=0)
        if not isinstance(self.problem, ConvexProblem):
            return entropy(mean[None])
        if self.problem.logistic:
            return entropy(np.stack([mean, 1 - mean], axis=1))
        return float(self.targets.var())

    @property
    def convex(self) -> ConvexProblem | SoftmaxProblem:
        """The problem, where there is one.

        Raises:
            ValueError: If the model states none.
        """
        if self.problem is None:
            raise ValueError("The model states no convex problem that kreg knows.")
        return self.problem

    @cached_property
    def targets(self) -> np.ndarray:
        """Of shape (rows, outputs): numbers, or weights of the classes."""
        if isinstance(self.problem, SoftmaxProblem):
            return self.problem.class_weights(self.y)
        return self.y.reshape(len(self.y), -1).astype("float64")

    def at(self, kernel: np.ndarray, bias: np.ndarray | None) -> Bounds | None:
        """The same for weights of shape (features, outputs) and (outputs,), `None` for no bias."""
        problem = self.problem
        if problem is None or problem.l1 == problem.l2 == 0:
            return None
        if isinstance(problem, ConvexProblem):
            constant = 0.0 if bias is None else float(bias[0])
            return bounds(problem, self.x, self.targets[:, 0], kernel[:, 0], constant)
        return softmax_bounds(self.x, self.targets, kernel, bias, problem.l1, problem.l2)


def stated(model: keras.Model) -> ConvexProblem | SoftmaxProblem | None:
    """The convex problem that a model states now, or `None`."""
    return convex_problem(model) or softmax_problem(model)


def entering(model: keras.Model, layer: keras.layers.Layer, x: Any) -> np.ndarray:
    """The rows as a layer gets them: whatever stands before it has no weights."""
    before = keras.Model(model.inputs, layer.input)
    rows = keras.ops.convert_to_numpy(before.predict(x, batch_size=1024, verbose=0))
    return np.reshape(rows, (len(rows), -1)).astype("float64")


def bounds(problem: ConvexProblem, x: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> Bounds:
    """Primal and dual objective, in float64.

    With `rho = -d loss / d prediction` and `u = X' rho`, the dual objective is
    `-loss*(-rho) - R*(u)`. A lasso needs `|u| <= l1`, which scaling `rho` reaches; with a ridge
    part `R*(u) = sum soft(u, l1)^2 / (4 * l2)`. The bias asks for `sum rho = 0`.
    """
    primal = loss(problem, y, x @ w + b)
    primal += problem.l1 * np.abs(w).sum() + problem.l2 * np.square(w).sum()
    rho = dual_point(problem, y, x @ w, b)
    u = x.T @ rho
    if problem.l2 == 0:
        rho = rho * min(1.0, problem.l1 / max(np.abs(u).max(), 1e-300))
        return primal, concave_part(problem, y, rho)
    conjugate = np.square(np.maximum(np.abs(u) - problem.l1, 0)).sum() / (4 * problem.l2)
    return primal, concave_part(problem, y, rho) - float(conjugate)


def loss(problem: ConvexProblem, y: np.ndarray, prediction: np.ndarray) -> float:
    if problem.logistic:
        return float(np.mean(np.logaddexp(0, prediction) - y * prediction))
    return float(np.mean((y - prediction) ** 2))


def dual_point(
    problem: ConvexProblem, y: np.ndarray, margin: np.ndarray, bias: float
) -> np.ndarray:
    """Minus the gradient of the loss for the predictions, at the bias that is best for `margin`."""
    n, free = len(y), problem.layer.use_bias
    if not problem.logistic:
        r = y - margin
        return 2 * (r - (r.mean() if free else bias)) / n
    for _ in range(50 if free else 0):  # Newton for one number
        p = sigmoid(margin + bias)
        bias += np.sum(y - p) / max(np.sum(p * (1 - p)), 1e-300)
    return (y - sigmoid(margin + bias)) / n


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0, -z)))  # no overflow on either side


def concave_part(problem: ConvexProblem, y: np.ndarray, rho: np.ndarray) -> float:
    """`-loss*(-rho)`: the dual objective without the penalty."""
    n = len(y)
    if not problem.logistic:
        return float(y @ rho - n / 4 * rho @ rho)
    a = np.clip(n * np.abs(rho), 1e-300, 1 - 1e-16)
    return float(-np.mean(a * np.log(a) + (1 - a) * np.log1p(-a)))
