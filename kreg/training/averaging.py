"""`stop.average=auto`: the mean of five validations, where that was measured and its copies fit."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.foreign import memory
from kreg.training.options import LoraOptions
from kreg.training.plan import Plan
from kreg.training.stop_options import (
    AUTO,
    GapOptions,
    NoStopOptions,
    PatienceOptions,
    RefineOptions,
    StopOptions,
)

if TYPE_CHECKING:
    import keras

StopRule = StopOptions | NoStopOptions | Custom

COUNT = 5  # decided on the development half of the recorded fits: docs/measurements.md
COPIES = 3 * COUNT - 2  # that are kept at most, see `Snapshots`; every state of a run holds them
MOST = 2**24  # bytes of all copies: a state takes 0.03 s of the processor longer to write
MEASURED = (PatienceOptions.monitor, RefineOptions.monitor)  # of a mean of weights, too
ALONE = "stop.average=auto restores the best epoch alone: {}."


def settled(rule: StopRule, plan: Plan, config: Config) -> tuple[StopRule, str]:
    """The rule with a number in the place of `auto`, and why that is 1 where it might be 5.

    Args:
        rule: The checked `stop` group, or what stands in for it.
        plan: The training, with its compiled model.
        config: The whole checked configuration.

    Returns:
        The rule, and a sentence; an empty one where a number was typed, where it is 5, where
        nothing is restored, and of the rules with which nobody has measured a mean: all but
        patience and refine.
    """
    if not isinstance(rule, StopOptions) or rule.average != AUTO:
        return rule, ""
    restores = isinstance(rule, PatienceOptions) and rule.restore != "none" and not rule.dry_run
    why = obstacle(rule, plan, config) if restores else ""
    found = replace(rule, average=COUNT if restores and not why else 1)
    return found, ALONE.format(why) if why else ""


def told(plan: Plan, config: Config) -> str:
    """What is said before a training begins; nothing where the mean is tried."""
    return "" if isinstance(config.stop, GapOptions) else settled(config.stop, plan, config)[1]


def obstacle(rule: StopOptions, plan: Plan, config: Config) -> str:
    """What speaks against a mean of weights; empty where nothing does."""
    from kreg.measuring.used_weights import averages

    needed = COPIES * size(plan.model, rule.restore)
    copies = f"{COPIES} copies of the weights would take {memory.told(needed)}"
    found = {
        f"a mean is not measured by {rule.monitor}": rule.monitor not in MEASURED,
        "the optimizer averages the weights itself": bool(averages(plan.model)),
        "the mean of two factors is no low rank's mean": isinstance(config.finetune, LoraOptions),
        f"{copies}, more than {memory.told(MOST)} (stop.average={COUNT} keeps them)": needed > MOST,
    }
    return next((why for why, holds in found.items() if holds), "")


def size(model: "keras.Model", what: str) -> int:
    """Bytes of one copy of what `stop.restore` puts back."""
    import numpy as np

    kept = [*model.variables, *model.optimizer.variables] if what == "all" else model.weights
    return sum(math.prod(one.shape) * np.dtype(one.dtype).itemsize for one in kept)
