"""Refinement and calibration: what one temperature takes off a cross-entropy.

    loss = refined + calibration error,    refined = min_T mean_i w_i CE(y_i, softmax(z_i / T))

A validation loss rises for two reasons. The scores `z` may tell the classes apart less well: only
then is the refined loss higher. Or they have grown too large: the model is over-confident, and one
number `T`, fitted on the same rows, repairs it. A `T` below 1 makes the model surer, and how much
surer it may be is known from the wrong rows alone: without any the loss falls for ever as `T` goes
to 0, on these rows and on no others. Where fewer than five are wrong, `T` is 1 at least. Sources:
Berta et al. 2025, "Rethinking early stopping: refine, then calibrate" (arXiv 2501.19195); Guo et
al. 2017 (the temperature).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kreg import check

FEWEST = 30  # rows: one fitted number lowers a loss by about 1 / (2 n) without any reason
FEWEST_WRONG = 5  # rows, below which no temperature is below 1: they tell it to 1 / sqrt(5)
SHARPEST, SOFTEST = 0.05, 20.0  # temperatures
STEPS = 60  # Newton's method takes four to eight
EXACT = 1e-8  # relative change of the temperature at which it is found


@dataclass(frozen=True)
class Refinement:
    """A cross-entropy and what one temperature leaves of it.

    Args:
        loss: As it is, at temperature 1.
        refined: At the best temperature; never larger than `loss`.
        temperature: That temperature: above 1 where the scores are too sure; not below 1 where
            fewer than `FEWEST_WRONG` rows are wrong.
        examples: Losses of shape (n,) at the best temperature, weights included.
    """

    loss: float
    refined: float
    temperature: float
    examples: np.ndarray

    @property
    def calibration_error(self) -> float:
        """`loss - refined`, in the loss's unit."""
        return self.loss - self.refined


def refine(logits: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> Refinement:
    """Fit one temperature by Newton's method in one dimension.

    The loss is convex in `s = 1 / T`; its derivatives are `mean(w (m E_p[z] - y.z))` and
    `mean(w m Var_p[z])` with `p = softmax(s z)` and `m` the sum of a row's targets. Steps that
    leave the bracket of the minimum are replaced by bisection.

    Args:
        logits: Scores of shape (n, classes), logarithms of probabilities included; of shape (n,)
            for binary labels.
        targets: Class ids of shape (n,), shares of shape (n, classes), or for binary labels numbers
            in [0, 1] of shape (n,).
        weights: Sample weights of shape (n,), or `None`.

    Raises:
        ValueError: If the shapes do not fit, or a score is not finite.

    >>> sure = np.array([4.0, 4.0, 4.0, -4.0])  # three of four are right, at 98 %
    >>> found = refine(sure, [1, 1, 1, 1])
    >>> round(found.loss, 3), round(found.refined, 3), round(found.temperature, 2)
    (1.018, 0.562, 3.64)
    """
    scores, shares = paired(logits, targets)
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, float).ravel()
    check_rows(scores, shares, weight)
    best = inverse_temperature(scores, shares, weight)
    if best > 1 and wrong(scores, shares, weight) < FEWEST_WRONG:
        best = 1.0
    before, after = (weight * cross_entropies(scores, shares, s) for s in (1.0, best))
    if after.mean() > before.mean():  # rounding, where there is nothing to gain
        best, after = 1.0, before
    return Refinement(float(before.mean()), float(after.mean()), 1 / best, after)


def paired(logits: ArrayLike, targets: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Centred scores and shares, both of shape (n, classes)."""
    scores, found = np.asarray(logits, np.float64), np.asarray(targets)
    if scores.ndim == 1 or scores.shape[1] == 1:
        scores, found = scores.reshape(-1), found.reshape(-1).astype(np.float64)
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
        shares = np.stack([1 - found, found], axis=1)
    elif found.size == len(scores):
        shares = np.eye(scores.shape[1])[found.reshape(-1).astype(int)]
    else:
        shares = found.astype(np.float64)
    return scores - scores.max(axis=1, keepdims=True), shares


def check_rows(scores: np.ndarray, shares: np.ndarray, weight: np.ndarray) -> None:
    """Refuse what is not one finite row of scores for each row of targets."""
    if scores.shape != shares.shape or len(weight) != len(scores) or not len(scores):
        shape = f"{scores.shape} and {shares.shape}"
        raise check.invalid("targets", "one class or one row of shares for each row", shape)
    if not np.isfinite(scores).all():
        raise check.invalid("logits", "finite numbers", "NaN or infinity")


def wrong(scores: np.ndarray, shares: np.ndarray, weight: np.ndarray) -> int:
    """How many rows that count have another class than their target's with the highest score.

    Shares of several classes, smoothed labels among them, count as wrong: one score alone cannot
    be right about them, and their temperature is known.
    """
    right = (shares * scores).sum(axis=1) >= 0  # of centred scores; nothing is right about a NaN
    return int((~right & (weight > 0)).sum())


def inverse_temperature(scores: np.ndarray, shares: np.ndarray, weight: np.ndarray) -> float:
    """`s = 1 / T` of the smallest loss in the range that is allowed."""
    low, high, s = 1 / SOFTEST, 1 / SHARPEST, 1.0
    mass, told = shares.sum(axis=1), (shares * scores).sum(axis=1)
    for _ in range(STEPS):
        slope, curvature = derivatives(scores, mass, told, weight, s)
        if slope == 0:
            break
        low, high = (s, high) if slope < 0 else (low, s)
        step = s - slope / curvature if curvature > 0 else math.nan
        after = step if low < step < high else math.sqrt(low * high)
        s, before = after, s
        if abs(s - before) <= EXACT * s:
            break
    return s


def derivatives(
    scores: np.ndarray, mass: np.ndarray, told: np.ndarray, weight: np.ndarray, s: float
) -> tuple[float, float]:
    """The first and the second derivative of the mean loss in `s`.

    Args:
        scores: Centred, shape (n, classes).
        mass: The sum of each row's targets.
        told: Each row's scores times its targets, summed.
        weight: Of each row.
        s: Where.
    """
    chances = np.exp(s * scores)
    chances /= chances.sum(axis=1, keepdims=True)
    mean = (chances * scores).sum(axis=1)
    spread = (chances * np.square(scores - mean[:, None])).sum(axis=1)
    slope = mass * mean - told
    return float((weight * slope).mean()), float((weight * mass * spread).mean())


def cross_entropies(scores: np.ndarray, shares: np.ndarray, s: float) -> np.ndarray:
    """`-sum_k y_k log softmax(s z)_k` of each row."""
    logs = s * scores
    logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    return -np.asarray((shares * logs).sum(axis=1))
