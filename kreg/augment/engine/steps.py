"""From nested stages to a flat list of steps, each with its own columns and its gates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import tensorflow as tf

from kreg.augment import ranges
from kreg.augment.engine.input_spec import Spec
from kreg.augment.stage import AnyStage, Params, Policy, Recipe, Stage

K = TypeVar("K", bound=Stage[Any], covariant=True)


@dataclass(frozen=True)
class Gate:
    """Open for a record whose number in `column` lies in [low, high)."""

    column: int
    low: ranges.Bound
    high: ranges.Bound

    def is_open(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        drawn = u[:, self.column]
        return (drawn >= ranges.at(self.low, epoch)) & (drawn < ranges.at(self.high, epoch))


@dataclass(frozen=True)
class Step(Generic[K]):
    """A stage, the first of its columns, the gates that must all be open, and what it receives."""

    stage: K
    start: int
    gates: tuple[Gate, ...]
    spec: Any = None

    def draw(self, u: tf.Tensor, epoch: tf.Tensor) -> Params:
        """The stage's parameters, neutral for records whose gates are closed."""
        own = u[:, self.start : self.start + self.stage.columns]
        params = self.stage.draw(own, epoch, self.spec)
        for gate in self.gates:
            is_open = gate.is_open(u, epoch)
            still = {
                name: tf.where(is_open, params[name], neutral)
                for name, neutral in self.stage.neutral.items()
            }
            params = {**params, **still}
        return params


AnyStep = Step[Stage[Any]]


class Flattener:
    """Walks the stages once and hands out columns in order."""

    def __init__(self) -> None:
        self.columns = 0
        self.steps: list[AnyStep] = []

    def take(self, count: int) -> int:
        self.columns += count
        return self.columns - count

    def add(self, stage: AnyStage, gates: tuple[Gate, ...] = ()) -> None:
        if isinstance(stage, Recipe):
            for part in stage.stages():
                self.add(part, gates)
        elif isinstance(stage, Policy):
            self.add_policy(stage, gates)
        else:
            self.steps.append(Step(stage, self.take(stage.columns), gates))

    def add_policy(self, policy: Policy, gates: tuple[Gate, ...]) -> None:
        column = self.take(1)
        for low, high, stages in policy.branches():
            for stage in stages:
                self.add(stage, (*gates, Gate(column, low, high)))


def flatten(stages: Iterable[AnyStage]) -> Flattener:
    """The steps of nested stages, and how many columns they draw."""
    flattener = Flattener()
    for stage in stages:
        flattener.add(stage)
    return flattener


def thread(steps: list[AnyStep], spec: Spec) -> tuple[list[AnyStep], Spec]:
    """The steps with the spec that each receives, checked, and the spec after the last one."""
    threaded: list[AnyStep] = []
    for step in steps:
        step.stage.check(spec)
        after = step.stage.output(spec)
        if step.gates:
            refuse_ungateable(step.stage, spec, after)
        threaded.append(replace(step, spec=spec))
        spec = after
    return threaded, spec


def refuse_ungateable(stage: Stage[Any], before: Spec, after: Spec) -> None:
    """A stage without a neutral setting cannot be left out for some records of a batch."""
    if before != after or (stage.columns and not stage.neutral):
        raise ValueError(
            f"{stage.name} changes the size of images, so it cannot be one choice among others: a "
            f"batch needs one size. Put it outside of RandomApply, RandomChoice and OneOf."
        )
