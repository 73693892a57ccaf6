"""Which models belong into a mean, and how often: greedy selection on rows that trained none."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Loss = Callable[[NDArray[np.float64]], float]  # of the mean of predictions


def counts(answers: Mapping[str, NDArray[np.float64]], loss: Loss, steps: int) -> dict[str, int]:
    """How often each model stands in the mean with the least loss.

    Beginning with none, the model is added whose addition leaves the least loss of the mean; it may
    be added again. Of all means on the way the best one is kept, so that none of the models is
    better alone. Source: Caruana et al., Ensemble selection from libraries of models, 2004.

    Args:
        answers: Name -> predictions, all of one shape: probabilities or values.
        loss: Of the mean of some predictions.
        steps: Whole number >= 1 of additions.

    >>> truth = np.array([1.0, 2.0])
    >>> answers = {"low": truth - 1, "high": truth + 2, "far": truth + 9}
    >>> counts(answers, lambda mean: float(((mean - truth) ** 2).mean()), steps=5)
    {'low': 2, 'high': 1, 'far': 0}
    """
    held = dict.fromkeys(answers, 0)
    total: NDArray[np.float64] = np.zeros(())
    best, least = dict(held), np.inf
    for size in range(1, steps + 1):
        losses = {name: loss((total + answer) / size) for name, answer in answers.items()}
        name = min(losses, key=losses.__getitem__)
        total, held = total + answers[name], {**held, name: held[name] + 1}
        if losses[name] < least:
            best, least = held, losses[name]
    return best
