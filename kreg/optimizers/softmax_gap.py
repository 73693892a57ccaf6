"""The duality gap of multinomial logistic regression under lasso and ridge penalties."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEWTON = 50  # steps at most for the biases, which a handful settles
SETTLED = 1e-12
HALVED_TO = 1e-6


Bounds: TypeAlias = tuple[float, float]  # an objective, and what it cannot fall below


def softmax_bounds(
    x: Array, y: Array, kernel: Array, bias: Array | None, l1: float, l2: float
) -> Bounds:
    """Primal and dual objective, in float64; `-inf` where the biases do not settle.

    With class probabilities `P` and `rho = (Y - P) / n` the dual objective is
    `mean entropy(P) - R*(X' rho)`; `R*` as in `kreg.optimizers.duality.bounds`. Shrinking
    `rho` keeps the rows of `P` on the simplex; the biases ask for `sum rho = 0`.

    Args:
        x: Features of shape (n, features).
        y: Class weights of shape (n, classes), rows that sum to 1.
        kernel: Of shape (features, classes).
        bias: Of shape (classes,), or `None` without one.
        l1, l2: Strengths, at least one of them > 0.
    """
    margin = x @ kernel
    primal = cross_entropy(margin + (0 if bias is None else bias), y)
    primal += l1 * np.abs(kernel).sum() + l2 * np.square(kernel).sum()
    best = None if bias is None else settled(margin, y, bias)
    if bias is not None and best is None:
        return primal, -math.inf
    p = softmax(margin + (0 if best is None else best))
    rho = (y - p) / len(y)
    u = x.T @ rho
    if l2 == 0:
        shrink = min(1.0, l1 / max(np.abs(u).max(), 1e-300))
        return primal, entropy(y - shrink * (y - p))
    conjugate = np.square(np.maximum(np.abs(u) - l1, 0)).sum() / (4 * l2)
    return primal, entropy(p) - float(conjugate)


def settled(margin: Array, y: Array, bias: Array) -> Array | None:
    """The biases that are best for the margins, by Newton's method with halved steps."""
    for _ in range(NEWTON):
        p = softmax(margin + bias)
        slope = p.mean(axis=0) - y.mean(axis=0)
        if np.abs(slope).max() < SETTLED:
            return bias
        curvature = np.diag(p.mean(axis=0)) - p.T @ p / len(p)  # singular along (1, ..., 1)
        step = np.linalg.lstsq(curvature, slope, rcond=1e-12)[0]
        bias = bias - halved(margin, y, bias, step, float(slope @ step)) * step
    return None


def halved(margin: Array, y: Array, bias: Array, step: Array, promised: float) -> float:
    """The share of a step that lowers the loss enough: from far away a whole one goes too far."""
    share, before = 1.0, cross_entropy(margin + bias, y)
    # near the optimum the loss cannot tell: there Newton's whole step is right
    rounding = 1e-14 * max(1.0, abs(before))
    while share > HALVED_TO:
        wanted = before - 1e-4 * share * promised + rounding
        if cross_entropy(margin + bias - share * step, y) <= wanted:
            break
        share /= 2
    return share


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    found: Array = e / e.sum(axis=1, keepdims=True)
    return found


def cross_entropy(z: Array, y: Array) -> float:
    top = z.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
    return float(np.mean(total - (y * z).sum(axis=1)))


def entropy(p: Array) -> float:
    """The mean over the rows, in nats."""
    p = np.clip(p, 1e-300, 1)
    return float(-np.mean((p * np.log(p)).sum(axis=1)))
