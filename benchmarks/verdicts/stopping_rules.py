"""Stopping rules to be measured beside: Keras's patience, Prechelt's, the textbook's and kreg's.

Every rule goes back to the best epoch that it has seen, by the quantity that it watches (Keras's
and kreg's restore; Lightning keeps its last weights unless a checkpoint callback is added, so it
has a row of each kind).
"""

import math
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from benchmarks.verdicts.protocol import Epoch, Kept, StoppingRule
from benchmarks.verdicts.suite import EXAMPLES
from kreg.diagnostics import criteria

CLEAN = {"monitor": "val_clean_loss", "train": "clean_loss"}
LOGGED = {"monitor": "val_loss", "train": "loss"}
REFINED = "val_refined_loss"
TEMPERED = {"monitor": REFINED, "train": "clean_loss"}


def rule(text: str, quantity: dict[str, str] = CLEAN, keep: str | None = None) -> StoppingRule:
    """A criterion of `kreg.diagnostics.criteria` by its rule string.

    What is kept is the best epoch by `keep`, the quantity that the criterion watches unless said.
    """
    chosen = quantity["monitor"] if keep is None else keep
    return lambda epochs: best(trained(epochs, text, quantity), chosen)


def last(text: str, quantity: dict[str, str] = CLEAN) -> StoppingRule:
    """The same, but the last weights are kept."""
    return lambda epochs: trained(epochs, text, quantity)[-1].number


def trained(epochs: Iterator[Epoch], text: str, quantity: dict[str, str]) -> list[Epoch]:
    """The epochs until a criterion, given by its rule string, has enough."""
    criterion = criteria.parse(text, **quantity)
    return until(epochs, lambda e: criterion.update(e.number, e.values, e.examples).stop)


def until(epochs: Iterator[Epoch], enough: Callable[[Epoch], bool]) -> list[Epoch]:
    """The epochs up to the first that is enough, or all."""
    taken = []
    for epoch in epochs:
        taken.append(epoch)
        if enough(epoch):
            break
    return taken


def best(epochs: list[Epoch], monitor: str) -> int:
    """The number of the epoch with the smallest value; one that is not finite is never it."""
    costs = [epoch.values[monitor] for epoch in epochs]
    return epochs[int(np.argmin(np.where(np.isfinite(costs), costs, np.inf)))].number


def refined(make: Callable[[dict[str, str]], StoppingRule]) -> StoppingRule:
    """A rule on the refined loss; on the clean one where there is none, as of numbers."""

    def stop(epochs: Iterator[Epoch]) -> Kept:
        first = next(epochs)
        measured = math.isfinite(first.values.get(REFINED, math.nan))
        return make(TEMPERED if measured else CLEAN)(chain([first], epochs))

    return stop


refine = refined(lambda quantity: rule("refine", quantity))


def sagemaker(quantity: dict[str, str]) -> StoppingRule:
    """(val - train) / train > 0.1 for more than one step."""

    def stop(epochs: Iterator[Epoch]) -> int:
        over: list[bool] = []

        def enough(epoch: Epoch) -> bool:
            values = epoch.values
            over.append(values[quantity["monitor"]] > 1.1 * values[quantity["train"]])
            return over[-2:] == [True, True]

        return best(until(epochs, enough), quantity["monitor"])

    return stop


def never(epochs: Iterator[Epoch]) -> int:
    """All epochs, the last weights."""
    return list(epochs)[-1].number


RULES: dict[str, StoppingRule] = {
    "no stopping, last weights": never,
    "kreg fast": rule("fast"),
    "kreg default": rule("default"),
    "kreg default, no examples": rule("trend:12|patience:20"),
    "kreg careful": rule("careful"),
    "kreg refine": refine,
    "Keras patience 0": rule("patience:0", LOGGED),
    "Keras patience 3": rule("patience:3", LOGGED),
    "Keras patience 5": rule("patience:5", LOGGED),
    "Keras patience 10": rule("patience:10", LOGGED),
    "Keras patience 20": rule("patience:20", LOGGED),
    "Lightning patience 3": last("patience:3", LOGGED),
    "textbook, 1 epoch, logged": rule("textbook:1", LOGGED),
    "textbook, 1 epoch, clean": rule("textbook:1"),
    "textbook, 3 in a row, clean": rule("textbook:3"),
    "SageMaker Overfit, logged": sagemaker(LOGGED),
    "SageMaker Overfit, clean": sagemaker(CLEAN),
    "patience 3, clean": rule("patience:3"),
    "patience 5, clean": rule("patience:5"),
    "patience 10, clean": rule("patience:10"),
    "patience 20, clean": rule("patience:20"),
    "patience 5, smoothed 0.6": rule("patience:5~0.6"),
    "patience 10 logged, best clean": rule("patience:10", LOGGED, keep="val_clean_loss"),
    "patience 10 clean, best logged": rule("patience:10", CLEAN, keep="val_loss"),
    "Prechelt GL 1": rule("gl:1"),
    "Prechelt GL 2": rule("gl:2"),
    "Prechelt GL 5": rule("gl:5"),
    "Prechelt PQ 0.5": rule("pq:0.5"),
    "Prechelt UP 1": rule("up:1"),
    "Prechelt UP 2": rule("up:2"),
    "Prechelt UP 3": rule("up:3"),
    "trend 8": rule("trend:8"),
    "paired 2.33, twice": rule("paired:2.33"),
    "GL 2 and paired 1.28": rule("gl:2+paired:1.28"),
    "past best": rule("past_best"),
}
NEEDS = {  # rows that only a suite with this curve has, or with the losses of single rows
    "kreg refine": REFINED,
    "kreg default": EXAMPLES,
    "paired 2.33, twice": EXAMPLES,
    "GL 2 and paired 1.28": EXAMPLES,
    "past best": EXAMPLES,
}
ORACLES = {  # all epochs are trained; the one is kept where this curve is smallest
    "all epochs, best val_loss": "val_loss",
    "all epochs, best clean loss": "val_clean_loss",
    "all epochs, best refined loss": REFINED,
    "oracle: best test loss": "test_loss",
    "oracle: best calibrated test": "test_calibrated_loss",
}
