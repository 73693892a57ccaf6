"""Drops and restarts of the learning rate, as marks on the page."""

import math

import numpy as np

JUMP = math.log(1.5)  # a factor between two epochs that is worth a mark
CALM = math.log(1.05)  # a factor that is none


def rate_jump(rates: np.ndarray) -> str:
    """A sentence about the last epoch's learning rate where it jumps, else an empty one.

    A jump stands alone: the rate rested before, or went the other way. A cosine or exponential
    schedule changes by as much in every epoch and has no such date.

    Args:
        rates: The learning rate of every epoch so far, shape (t,).

    >>> rate_jump(np.array([0.1, 0.1, 0.01])), rate_jump(np.array([0.4, 0.2, 0.1]))
    ('learning rate 0.1 -> 0.01', '')
    """
    before, old, new = [*[math.nan] * 3, *rates][-3:]
    if not (new > 0 and old > 0 and before > 0):
        return ""
    step, earlier = math.log(new / old), math.log(old / before)
    alone = abs(earlier) < CALM or step * earlier < 0
    return f"learning rate {old:.3g} -> {new:.3g}" if alone and abs(step) > JUMP else ""
