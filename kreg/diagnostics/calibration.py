"""Is the model as often right as it says? Calibration error and reliability diagram."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from kreg import check

BINS = 15


class Bin(TypedDict):
    """The examples of one bin of confidence."""

    count: int
    confidence: float
    accuracy: float
    low: float
    high: float


class Summary(TypedDict):
    """What the page shows about one side."""

    count: int
    ece: float
    ece_equal_mass: float
    confidence: float
    accuracy: float
    bins: list[Bin]


def reliability(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = BINS, mass: bool = False
) -> list[Bin]:
    """One row for each bin that holds examples.

    Args:
        confidence: Array of shape (n,), the largest predicted probability, in [0, 1].
        correct: Array of shape (n,), 0 or 1.
        bins: How many, >= 1. Defaults to `15`.
        mass: Bins of equal mass instead of equal width.

    Returns:
        Dicts with `count`, `confidence` (mean), `accuracy` (mean), `low` and `high`.
    """
    confidence = np.asarray(confidence, dtype=float).ravel()
    correct = np.asarray(correct, dtype=float).ravel()
    check.integer("bins", bins, low=1)
    edges = np.linspace(0, 1, bins + 1)
    if mass and confidence.size:
        edges = np.quantile(confidence, edges)
    # (low, high], with the lowest edge included
    index = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    return [
        {
            "count": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(correct[inside].mean()),
            "low": float(edges[b]),
            "high": float(edges[b + 1]),
        }
        for b in range(bins)
        if (inside := index == b).any()
    ]


def ece(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = BINS, mass: bool = False
) -> float:
    """`ECE = sum_b (n_b / n) |accuracy_b - confidence_b|`, in [0, 1]; NaN for no examples.

    Source: Naeini et al. 2015; Guo et al. 2017.

    >>> ece([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0])
    0.15000000000000002
    """
    rows = reliability(confidence, correct, bins=bins, mass=mass)
    total = sum(row["count"] for row in rows)
    if not total:
        return float("nan")
    return sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in rows) / total


def summary(confidence: ArrayLike, correct: ArrayLike) -> Summary:
    """Everything the page shows about one side."""
    confidence, correct = np.asarray(confidence, float), np.asarray(correct, float)
    return {
        "count": int(confidence.size),
        "ece": ece(confidence, correct),
        "ece_equal_mass": ece(confidence, correct, mass=True),
        "confidence": float(confidence.mean()) if confidence.size else float("nan"),
        "accuracy": float(correct.mean()) if correct.size else float("nan"),
        "bins": reliability(confidence, correct),
    }
