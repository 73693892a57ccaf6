"""When a training ends: the rule that is asked for, where it can be had, and what it needs."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from kreg.config.automatic import obstacle
from kreg.config.root import Config
from kreg.factories import stop
from kreg.training import averaging
from kreg.training.averaging import StopRule
from kreg.training.plan import Plan
from kreg.training.stop_options import (
    GapOptions,
    PatienceOptions,
    RefineOptions,
    StopOptions,
)

if TYPE_CHECKING:
    from kreg import callbacks as room
    from kreg.training.duality_gap import DualityGap

LEAST, SHARE = 3, 5  # epochs, and one epoch in so many of all, before a trial may be hopeless


def stopping_rule(config: Config, plan: Plan, gap: "DualityGap | None") -> StopRule:
    """The `stop` group with its numbers; patience, with a sentence, where it cannot be had."""
    if not (why := missing(config, plan, gap)):
        return averaging.settled(config.stop, plan, config)[0]
    rule, alone = averaging.settled(patience(config.stop), plan, config)
    plan.data.warnings += [why, alone] if alone else [why]
    return rule


def patience(asked: StopRule) -> PatienceOptions:
    """What stands in for a rule: with all numbers of one that is patience itself."""
    if not isinstance(asked, RefineOptions):
        return PatienceOptions()
    monitor = asked.monitor if asked.monitor != RefineOptions.monitor else PatienceOptions.monitor
    return PatienceOptions(**asdict(asked) | {"kind": "patience", "monitor": monitor})


def missing(config: Config, plan: Plan, gap: "DualityGap | None") -> str:
    """What the rule that is asked for would wait for in vain; empty where there is nothing."""
    if isinstance(config.stop, RefineOptions) and (reason := unrefinable(plan)):
        return f"{reason} Training stops by stop=patience."
    if not isinstance(config.stop, GapOptions) or gap is not None:
        return ""
    return (
        "No duality gap can be proved for weighted rows, rows on the disk, several targets or "
        "targets that are all the same: training stops by stop=patience."
    )


def unrefinable(plan: Plan) -> str:
    """Why no temperature can be fitted to the validation rows; empty where one can."""
    from kreg.diagnostics.refinement import FEWEST

    rows = len(plan.data.validation)
    if plan.data.task == "regression":
        return "A regression has no classes to be calibrated."
    return (
        f"A temperature takes {FEWEST} validation rows, there are {rows}." if rows < FEWEST else ""
    )


def after_the_thaw(rule: StopRule, plan: Plan) -> StopRule:
    """A rule that looks only at the epochs in which all layers are trained."""
    if not isinstance(rule, StopOptions) or not plan.alone:
        return rule
    return replace(rule, start_from_epoch=max(rule.start_from_epoch, plan.alone))


def stopper(
    options: StopRule, plan: Plan, measure: "room.Diagnostics | None"
) -> "room.EarlyStopping":
    """The stopping rule; where none is asked for, one that watches and lets training go on."""
    held_out = None if measure is not None else plan.held_out()
    rule = stop.callback(options, validation=held_out, verbose=0)
    if rule is not None:
        return rule
    from kreg.callbacks import EarlyStopping

    return EarlyStopping(dry_run=True, validation=held_out, verbose=0)


def proving(plan: Plan, config: Config) -> "DualityGap | None":
    """What measures the duality gap of a convex problem on its training rows, or `None`."""
    from kreg.data.dataset import on_disk
    from kreg.training.duality_gap import DualityGap

    weighted = plan.data.train.weight is not None or plan.class_weight is not None
    if obstacle(config) or weighted or on_disk(plan.data.train.x):
        return None
    part = plan.data.train.in_memory()
    rule = config.stop if isinstance(config.stop, GapOptions) else None
    near = rule.share if rule else GapOptions().share
    finish = rule is not None and not rule.dry_run
    gap = DualityGap((part.x, part.y), near, finish=finish)
    return gap if gap.proves(plan.model) else None


def earliest(epochs: int) -> int:
    """The first epoch after which a trial of a search may be ended as hopeless.

    >>> earliest(60), earliest(5)
    (12, 3)
    """
    return max(LEAST, epochs // SHARE)
