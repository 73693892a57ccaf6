"""Stopping rules that keep the mean of some epochs' weights, for suites that have measured it.

Three kinds. kreg's `average=k`: of the best epoch and the means of k epochs up to it, around it and
from it on what measures best. LAWA: whatever says when, the mean of the last epochs is kept. And a
rule that watches the loss of the mean itself, which costs a second validation an epoch.
"""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.verdicts.protocol import Epoch, Kept, Mean, StoppingRule
from benchmarks.verdicts.stopping_rules import CLEAN, LOGGED, best, refined, trained

Make = Callable[[dict[str, str]], StoppingRule]
WINDOWS = (3, 5, 10)


def averaging(text: str, count: int) -> Make:
    """`average=count`: of the best epoch and the means up to it, around it, from it on the best.

    A mean for which the training has ended too early is not tried here; kreg tries fewer epochs.
    """

    def make(quantity: dict[str, str]) -> StoppingRule:
        monitor = quantity["monitor"]

        def stop(epochs: Iterator[Epoch]) -> Kept:
            taken = trained(epochs, text, quantity)
            at = best(taken, monitor)
            ends = {at, at + (count - 1) - (count - 1) // 2, at + count - 1}
            means = [Mean(end, count) for end in sorted(ends) if end <= taken[-1].number]
            losses = [taken[mean.epoch - 1].values[mean.of(monitor)] for mean in means]
            if min(losses) > taken[at - 1].values[monitor]:
                return at
            return means[int(np.argmin(losses))]

        return stop

    return make


def latest(count: int) -> StoppingRule:
    """LAWA (Kaddour 2022): Keras's patience 10 says when, the mean of the last epochs is kept."""
    return lambda epochs: Mean(trained(epochs, "patience:10", LOGGED)[-1].number, count)


def of_means(text: str, count: int) -> Make:
    """A rule on the loss of the mean of the last epochs, measured after each of them."""

    def make(quantity: dict[str, str]) -> StoppingRule:
        watched = {**quantity, "monitor": f"{quantity['monitor']}_mean{count}"}
        return lambda epochs: Mean(best(trained(epochs, text, watched), watched["monitor"]), count)

    return make


RULES: dict[str, StoppingRule] = {}
NEEDS: dict[str, str] = {}  # rows that only a suite with this curve has
ORACLES: dict[str, str] = {}
for k in WINDOWS:
    own = {
        f"patience 10, average {k}": averaging("patience:10", k)(CLEAN),
        f"refine, average {k}": refined(averaging("refine", k)),
        f"patience 10 on the mean of {k}": of_means("patience:10", k)(CLEAN),
        f"refine on the mean of {k}": refined(of_means("refine", k)),
        f"LAWA: the last {k} at the stop": latest(k),
    }
    RULES |= own
    NEEDS |= dict.fromkeys(own, f"val_clean_loss_mean{k}")
    ORACLES[f"all epochs, best mean of {k}"] = f"val_clean_loss_mean{k}"
    ORACLES[f"oracle: best mean of {k}"] = f"test_loss_mean{k}"
