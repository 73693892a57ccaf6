"""Split-conformal prediction: intervals and sets that hold the truth as often as they say.

A score says how strange a row's truth is to the model. On `n` rows that neither trained the model
nor chose its epoch, the `ceil((n + 1) * level)`-th smallest score is a bound that the score of a
new row from the same source exceeds with probability at most `1 - level`, whatever the model is.
Sources: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005; Lei et al.,
Distribution-free predictive inference for regression, 2018; Sadinle, Lei & Wasserman, Least
ambiguous set-valued classifiers, 2019.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg import check

LEVEL = 0.9


def scores(predicted: ArrayLike, truth: ArrayLike, task: str) -> NDArray[np.float64]:
    """`(rows, targets)` of `|truth - predicted|`, or `(rows, 1)` of `1 - p(true class)`.

    Args:
        predicted: `(rows, targets)` in any units, or probabilities `(rows, classes)`.
        truth: `(rows, targets)` in the same units, or class ids `(rows,)`.
        task: `"regression"`, `"binary"` or `"classification"`.

    >>> scores([[0.2, 0.8], [0.5, 0.5]], [1, 0], "classification").round(1).tolist()
    [[0.2], [0.5]]
    """
    values = np.asarray(predicted, np.float64)
    if task == "regression":
        return np.abs(np.asarray(truth, np.float64).reshape(values.shape) - values)
    ids = np.asarray(truth, int).reshape(-1)
    return 1 - values[np.arange(len(ids)), ids][:, None]


def bound(known: Sequence[float], level: float) -> float:
    """The score that a new row exceeds with probability at most `1 - level`.

    Args:
        known: Scores of the calibration rows, in any order.
        level: A number in (0, 1).

    Raises:
        ValueError: If there are too few rows to promise that.

    >>> bound([3.0, 1.0, 2.0, 4.0], 0.8)
    4.0
    """
    check.number("level", level, low=0, high=1, low_open=True, high_open=True)
    # 0.9 is a little more than nine tenths: a rank that is whole must stay so
    rank = math.ceil(round((len(known) + 1) * level, 9))
    if rank > len(known):
        needed = math.ceil(round(level / (1 - level), 9))
        raise ValueError(
            f"{len(known)} calibration rows cannot promise {level:.4g}: it takes at least "
            f"{needed}. Ask for a lower level, or train with more test rows."
        )
    return float(np.partition(np.asarray(known, float), rank - 1)[rank - 1])


def sets(probabilities: ArrayLike, limit: float) -> NDArray[np.bool_]:
    """`(rows, classes)`: the classes whose score is within the bound, and the most likely one.

    >>> sets([[0.6, 0.3, 0.1], [0.4, 0.35, 0.25]], 0.7).tolist()
    [[True, True, False], [True, True, False]]
    """
    values: NDArray[Any] = np.asarray(probabilities, np.float64)
    within = 1 - values <= limit
    within[np.arange(len(values)), values.argmax(axis=1)] = True
    return within
