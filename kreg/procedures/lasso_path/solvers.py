"""The lasso path of a linear model: squared errors by scikit-learn, classes by Newton steps.

Both minimise what `model=linear reg=l1` trains: the mean loss over the rows plus `l1` times the sum
of the absolute weights; the bias goes free. For classes each Newton step is a weighted lasso that
scikit-learn solves, on the columns that the strong rule leaves; a strength is done when the
conditions of the optimum hold on all columns. Sources: Friedman, Hastie & Tibshirani, 2010 (the
algorithm of glmnet); Tibshirani et al., 2012 (the strong rule).
"""

import warnings
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path, lasso_path

Floats: TypeAlias = NDArray[np.float64]

TOLERANCE = 1e-3  # of the strength: how well the conditions of the optimum hold
SOLVED, STEP = 1e-6, 1e-9  # scikit-learn's `tol` for squared errors, and in a Newton step
NEWTON_STEPS, SWEEPS = 100, 20_000
FLOOR = 1e-5  # of a row's curvature, as in glmnet
SATURATED = 1e-3  # of the first loss: weaker penalties only grow the weights


@dataclass(frozen=True)
class Path:
    """The solutions for strengths that fall.

    Args:
        strengths: Array `(strengths,)`, the `l1` of each.
        kernel: Array `(strengths, columns, outputs)`.
        bias: Array `(strengths, outputs)`.
        unsolved: How many solutions missed the tolerance.
    """

    strengths: Floats
    kernel: Floats
    bias: Floats
    unsolved: int = 0

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether a column has a weight, `(strengths, columns)`."""
        found: NDArray[np.bool_] = (self.kernel != 0).any(axis=2)
        return found

    def outputs(self, x: Floats) -> Floats:
        """Predictions or logits, `(strengths, rows, outputs)`."""
        return x @ self.kernel + self.bias[:, None, :]


def strongest(x: Floats, y: Floats, weight: Floats, squared: bool) -> float:
    """The smallest strength at which every weight is zero."""
    centred = (y - np.average(y, axis=0, weights=weight)) * weight[:, None]
    gradient = np.abs(x.T @ centred).max() / len(x)
    return float(2 * gradient if squared else gradient)


def squared_errors(x: Floats, y: Floats, strengths: Floats, weight: Floats) -> Path:
    """Minimise `mean(weight (y - x w - b)^2) + l1 |w|`.

    Args:
        x: Array `(rows, columns)`.
        y: Array `(rows, 1)`.
        strengths: Falling numbers > 0.
        weight: Array `(rows,)` with mean 1.
    """
    mean, centre = np.average(x, axis=0, weights=weight), np.average(y[:, 0], weights=weight)
    root = np.sqrt(weight)
    columns, target = np.asfortranarray((x - mean) * root[:, None]), (y[:, 0] - centre) * root
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        _, found, _ = lasso_path(
            columns, target, alphas=strengths / 2, tol=SOLVED, max_iter=SWEEPS, copy_X=False
        )
    kernel = np.ascontiguousarray(found.T)[:, :, None]
    return Path(strengths, kernel, centre - mean @ kernel, len(caught))


def log_losses(x: Floats, y: Floats, strengths: Floats, weight: Floats) -> Path:
    """Minimise `mean(weight cross_entropy(y, x w + b)) + l1 |w|`; ends where the rows are learnt.

    Args:
        x: Array `(rows, columns)`.
        y: Array `(rows, classes)` of 0 and 1, or `(rows, 1)` where there are two classes.
        strengths: Falling numbers > 0; the path may end before the last one.
        weight: Array `(rows,)` with mean 1.
    """
    fit = Logistic(x, y, weight)
    first, previous, kernels, biases, unsolved = fit.loss(), strengths[0], [], [], 0
    for strength in strengths:
        unsolved += not fit.solve(strength, previous)
        previous = strength
        kernels.append(fit.kernel.copy())
        biases.append(fit.bias.copy())
        if fit.loss() < SATURATED * first:
            break
    return Path(strengths[: len(kernels)], np.array(kernels), np.array(biases), unsolved)


class Logistic:
    """An L1 logistic regression that goes from one strength to the next.

    Args:
        x, y, weight: As in `log_losses`.
    """

    def __init__(self, x: Floats, y: Floats, weight: Floats) -> None:
        self.x, self.y, self.share = x, y, weight / weight.sum()
        self.kernel = np.zeros((x.shape[1], y.shape[1]))
        prior = np.clip(self.share @ y, 1e-12, 1 - 1e-12)
        self.bias = np.log(prior / (1 - prior)) if y.shape[1] == 1 else np.log(prior)
        self._refresh(np.zeros_like(y) + self.bias)

    def _refresh(self, scores: Floats) -> None:
        self.scores = scores
        self.chances = softmax(both(scores), axis=1)[:, -self.y.shape[1] :]

    def loss(self, scores: Floats | None = None) -> float:
        """The weighted mean of the cross-entropy."""
        logs = log_softmax(both(self.scores if scores is None else scores), axis=1)
        truth = self.y if self.y.shape[1] > 1 else np.column_stack([1 - self.y, self.y])
        return float(-(self.share @ (truth * logs).sum(axis=1)))

    def slopes(self, columns: NDArray[np.intp] | slice = slice(None)) -> Floats:
        """Minus the gradient of the loss for each weight of these columns."""
        found: Floats = self.x[:, columns].T @ ((self.y - self.chances) * self.share[:, None])
        return found

    def solve(self, strength: float, previous: float) -> bool:
        """Go on to a strength; returns whether the conditions of the optimum hold."""
        slope = np.abs(self.slopes()).max(axis=1)
        working = (slope >= 2 * strength - previous) | self.kernel.any(axis=1)
        while True:
            columns = np.flatnonzero(working)
            solved = self._newton(columns, strength)
            outside = (np.abs(self.slopes()) > strength * (1 + TOLERANCE)).any(axis=1) & ~working
            if not outside.any():
                return solved
            working |= outside

    def _newton(self, columns: NDArray[np.intp], strength: float) -> bool:
        for _ in range(NEWTON_STEPS):
            if self._distance(columns, strength) <= TOLERANCE * strength:
                return True
            for output in range(self.y.shape[1]):
                self._step(columns, output, strength)
        return self._distance(columns, strength) <= TOLERANCE * strength

    def _distance(self, columns: NDArray[np.intp], strength: float) -> float:
        """How far the conditions of the optimum are from holding, in units of the gradient."""
        kernel, slope = self.kernel[columns], self.slopes(columns)
        active = np.abs(slope - strength * np.sign(kernel))
        idle = np.maximum(np.abs(slope) - strength, 0)
        free = np.abs(self.share @ (self.y - self.chances))
        return float(max(np.where(kernel != 0, active, idle).max(initial=0), free.max()))

    def _step(self, columns: NDArray[np.intp], output: int, strength: float) -> None:
        """One Newton step for the weights of an output: a weighted lasso, never past a rise."""
        chance, rows = self.chances[:, output], len(self.x)
        curve = self.share * np.maximum(chance * (1 - chance), FLOOR)
        part, old = self.x[:, columns], self.kernel[columns, output]
        target = part @ old + self.share * (self.y[:, output] - chance) / curve
        mean, centre = curve @ part / curve.sum(), curve @ target / curve.sum()
        new, root = old, np.sqrt(curve * rows)
        if len(columns):
            new = weighted_lasso((part - mean) * root[:, None], (target - centre) * root, strength,
                                 old)  # fmt: skip
        bias = self.bias[output] + centre - mean @ new
        self._move(columns, output, strength, (new - old, bias - self.bias[output]))

    def _move(
        self, columns: NDArray[np.intp], output: int, strength: float, way: tuple[Floats, float]
    ) -> None:
        """Half as far again until the objective does not rise."""
        kernel, bias = self.kernel[columns, output], self.bias[output]
        straight = self.x[:, columns] @ way[0] + way[1]
        before = self.loss() + strength * np.abs(kernel).sum()
        for length in 0.5 ** np.arange(20):
            scores = self.scores.copy()
            scores[:, output] += length * straight
            there = kernel + length * way[0]
            if self.loss(scores) + strength * np.abs(there).sum() <= before + 1e-15:
                self.kernel[columns, output], self.bias[output] = there, bias + length * way[1]
                return self._refresh(scores)
        return None


def both(scores: Floats) -> Floats:
    """Logits of all classes: one logit stands for the second of two."""
    return scores if scores.shape[1] > 1 else np.column_stack([np.zeros_like(scores), scores])


def weighted_lasso(x: Floats, y: Floats, strength: float, start: Floats) -> Floats:
    """scikit-learn's coordinate descent from where the last step ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the next step goes on
        _, found, _ = enet_path(
            np.asfortranarray(x), y, l1_ratio=1.0, alphas=[strength], tol=STEP, max_iter=SWEEPS,
            coef_init=start.copy(), copy_X=False, precompute=False,  # changed in place
        )  # fmt: skip
    kernel: Floats = found[:, 0]
    return kernel
