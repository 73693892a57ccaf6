"""The minimum of a linear model's objective, and what it cannot fall below: from the rows alone."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from kreg.optimizers.convex_problem import ConvexProblem, SoftmaxProblem
from kreg.optimizers.duality import LinearGap, sigmoid
from kreg.optimizers.softmax_gap import softmax

STEPS = 20_000  # at most: nearly collinear columns take thousands
WORK = 2e10  # multiplications at most, some ten seconds of a core
LOOK = 50  # steps between two looks at the gap
Slope: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
DENSE = 400  # rows or columns up to which all eigenvalues are computed


class LinearMinimum:
    """A descent of its own to the minimum, from weights of zero; it goes on where it has ended.

    Accelerated proximal gradient with restarts, on all rows at once, in float64. Any dual objective
    is a bound, so what stops the descent early makes it looser and never wrong.

    Args:
        gap: The rows and the problem; `gap.problem` is not `None`.

    Attributes:
        bound: The largest dual objective so far, `-inf` where nothing is proved.
        objective: The smallest objective so far.
        weights: Kernel and bias that have it.

    Source: Beck & Teboulle 2009; O'Donoghue & Candes 2015 (restarts).
    """

    def __init__(self, gap: LinearGap) -> None:
        self.gap, self.descent = gap, Descent(gap)
        self.bound, self.objective = -math.inf, math.inf
        self.weights = self.descent.weights()
        size = gap.x.size * self.descent.w.shape[1]
        self.looks = math.ceil(min(STEPS, max(WORK / (2 * size), LOOK)) / LOOK)

    def descend(self, near: float) -> None:
        """On to a minimum that is proved up to `near`, as far as the steps and the work reach."""
        while self.looks > 0 and self.objective - self.bound > near:
            self.looks -= 1
            for _ in range(LOOK):
                self.descent.step()
            weights = self.descent.weights()
            found = self.gap.at(*weights)
            if found is None:
                return
            self.bound = max(self.bound, found[1])
            if found[0] < self.objective:
                self.objective, self.weights = found[0], weights


class Descent:
    """Accelerated proximal gradient on a lasso, ridge or elastic net with any of three losses.

    Args:
        gap: The rows and the problem.
    """

    def __init__(self, gap: LinearGap) -> None:
        problem = gap.convex
        self.biased = problem.layer.use_bias
        # the bias takes the means up: the same problem, better conditioned
        self.mean = gap.x.mean(axis=0) * self.biased
        self.x = gap.x - self.mean
        self.y, (self.slope, curvature) = gap.targets, smooth_part(problem, len(gap.x))
        self.l1, self.l2 = problem.l1, problem.l2
        self.pace = 1 / (curvature * (largest_eigenvalue(self.x) + len(gap.x) * self.biased))
        outputs = self.y.shape[1]
        self.w, self.b = np.zeros((gap.x.shape[1], outputs)), np.zeros(outputs)
        self.ahead, self.momentum = (self.w, self.b), 1.0

    def step(self) -> None:
        """One gradient step at the point ahead, the proximal map, and a look further ahead."""
        (v, c), shrink = self.ahead, self.pace * self.l1
        slope = self.slope(self.x @ v + c, self.y)
        w = v - self.pace * (self.x.T @ slope)
        w = np.sign(w) * np.maximum(np.abs(w) - shrink, 0) / (1 + 2 * self.pace * self.l2)
        b = c - self.pace * slope.sum(axis=0) * self.biased
        if np.vdot(v - w, w - self.w) + np.vdot(c - b, b - self.b) > 0:
            self.momentum = 1.0  # uphill: begin again
        after = (1 + math.sqrt(1 + 4 * self.momentum**2)) / 2
        on = (self.momentum - 1) / after
        self.ahead = (w + on * (w - self.w), b + on * (b - self.b))
        self.w, self.b, self.momentum = w, b, after

    def weights(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Kernel and bias for the rows as they are, not centred."""
        return self.w, self.b - self.mean @ self.w if self.biased else None


def smooth_part(problem: ConvexProblem | SoftmaxProblem, count: int) -> tuple[Slope, float]:
    """The mean loss of `count` rows: its gradient for `(predictions, targets)`, its curvature."""
    if isinstance(problem, SoftmaxProblem):
        return lambda z, y: (softmax(z) - y) / count, 0.5 / count
    if problem.logistic:
        return lambda z, y: (sigmoid(z) - y) / count, 0.25 / count
    return lambda z, y: 2 * (z - y) / count, 2.0 / count


def largest_eigenvalue(x: np.ndarray) -> float:
    """Of `x' x`, an upper bound that is near.

    >>> largest_eigenvalue(np.diag([3.0, 1.0]))
    9.0
    """
    if min(x.shape) <= DENSE:
        small = x @ x.T if len(x) < x.shape[1] else x.T @ x
        return float(np.linalg.eigvalsh(small)[-1])
    start = np.ones(x.shape[1])
    product = LinearOperator((x.shape[1],) * 2, matvec=lambda v: x.T @ (x @ v))
    found = eigsh(product, 1, v0=start, return_eigenvectors=False, tol=1e-3)
    return 1.01 * float(found[0])
