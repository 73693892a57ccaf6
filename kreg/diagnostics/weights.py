"""Numbers of one weight array. They say where a model changes, not why it overfits."""

import numpy as np
from numpy.typing import ArrayLike


def as_matrix(weight: ArrayLike) -> np.ndarray:
    """The weight as a matrix (inputs, outputs): all axes but the last are flattened.

    >>> as_matrix(np.zeros((3, 3, 8, 16))).shape
    (72, 16)
    """
    values = np.asarray(weight, dtype=np.float64)
    return values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(1, -1)


def frobenius(weight: ArrayLike) -> float:
    """`||W||_F = sqrt(sum w^2)`."""
    return float(np.linalg.norm(np.asarray(weight, dtype=np.float64)))


def spectral_norm(weight: ArrayLike, iterations: int = 12, tolerance: float = 1e-6) -> float:
    """`sigma_1 = max ||W v|| / ||v||` by power iteration from a fixed start.

    Args:
        weight: Array of any shape; see `as_matrix`.
        iterations: At most this many, >= 1.
        tolerance: Relative change at which the iteration ends.
    """
    matrix = as_matrix(weight)
    if not np.isfinite(matrix).all() or not matrix.any():
        return float("nan") if not np.isfinite(matrix).all() else 0.0
    # the heaviest row: never orthogonal to the leading direction in practice, and deterministic
    vector = matrix[np.square(matrix).sum(1).argmax()]
    vector = vector / np.linalg.norm(vector)
    sigma = 0.0
    for _ in range(iterations):
        image = matrix @ vector
        before, sigma = sigma, float(np.linalg.norm(image))
        vector = matrix.T @ (image / sigma)
        vector /= np.linalg.norm(vector)
        if abs(sigma - before) <= tolerance * sigma:
            break
    return float(np.linalg.norm(matrix @ vector))


def stable_rank(weight: ArrayLike) -> float:
    """`||W||_F^2 / sigma_1^2`, between 1 and the rank; 0 for a zero matrix.

    >>> round(stable_rank(np.eye(5)), 6)
    5.0
    """
    sigma = spectral_norm(weight)
    return 0.0 if sigma == 0 else (frobenius(weight) / sigma) ** 2


def distance(weight: ArrayLike, start: ArrayLike) -> float:
    """`||W - W_0||_F / ||W_0||_F`: how far training has moved it; NaN when it started at zero."""
    base = frobenius(start)
    moved = frobenius(np.asarray(weight, np.float64) - np.asarray(start, np.float64))
    return moved / base if base else float("nan")


def update_ratio(weight: ArrayLike, before: ArrayLike) -> float:
    """`||W - W_before||_F / ||W||_F` over one epoch; NaN for a zero matrix."""
    size = frobenius(weight)
    moved = frobenius(np.asarray(weight, np.float64) - np.asarray(before, np.float64))
    return moved / size if size else float("nan")


def zeros(weight: ArrayLike) -> int:
    """How many entries are exactly `0.0`."""
    weight = np.asarray(weight)
    return int(weight.size - np.count_nonzero(weight))


def dead_units(activations: ArrayLike) -> float:
    """Share of units, in [0, 1], that are never above zero on any row.

    Args:
        activations: Array of shape (rows, ..., units), after the activation.

    >>> dead_units([[0.0, 1.0], [0.0, 0.0]])
    0.5
    """
    activations = np.asarray(activations)
    if not activations.size:
        return float("nan")
    return float((activations.reshape(-1, activations.shape[-1]) <= 0).all(axis=0).mean())
