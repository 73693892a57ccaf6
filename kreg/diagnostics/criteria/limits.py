"""Hard limits: a goal reached, a loss that left the road, a budget used up."""

import math
from typing import ClassVar, Unpack

import numpy as np

from kreg import check
from kreg.diagnostics.criteria.base import Criterion, Decision, Quantity, Values


class Threshold(Criterion):
    """`stop when E(t) is at least as good as value`.

    Args:
        value: The goal, a finite number.
    """

    def __init__(self, value: float, **quantity: Unpack[Quantity]):
        self.value = check.number("value", value)
        super().__init__(**quantity)

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        if not self.cost(value) <= self.cost(self.value):
            return Decision(improved=improved)
        return Decision(
            stop=True,
            reason="threshold",
            improved=improved,
            sentence=f"{self.monitor} = {value:.4g} has reached the goal {self.value:g}.",
        )


class Divergence(Criterion):
    """`stop when E(t) is not finite, or worse than value`.

    Args:
        value: The worst value allowed, or `None` for the finite check alone. Defaults to `None`.
    """

    def __init__(self, value: float | None = None, **quantity: Unpack[Quantity]):
        self.value = None if value is None else check.number("value", value)
        super().__init__(**quantity)

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        if not math.isfinite(value):
            return Decision(
                stop=True,
                reason="non_finite",
                sentence=f"{self.monitor} is {value} at epoch {epoch} ({self.best_so_far()}).",
            )
        if self.value is None or self.cost(value) <= self.cost(self.value):
            return Decision(improved=improved)
        return Decision(
            stop=True,
            reason="divergence",
            improved=improved,
            sentence=f"{self.monitor} = {value:.4g} is past the limit {self.value:g}.",
        )


class Budget(Criterion):
    """`stop when epochs, optimizer steps or seconds of training are used up`.

    Args:
        epochs: Whole number >= 1 of epochs, counted from the start of the training, or `None`.
        steps: Whole number >= 1 of optimizer steps; read from `values["step"]`, or `None`.
        seconds: Number > 0 of seconds of training; read from `values["seconds"]`, or `None`.
    """

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "count")

    def __init__(
        self,
        epochs: int | None = None,
        *,
        steps: int | None = None,
        seconds: float | None = None,
        **quantity: Unpack[Quantity],
    ):
        self.limits: dict[str, float] = {}
        if epochs is not None:
            self.limits["epochs"] = check.integer("epochs", epochs, low=1)
        if steps is not None:
            self.limits["steps"] = check.integer("steps", steps, low=1)
        if seconds is not None:
            self.limits["seconds"] = check.number("seconds", seconds, low=0, low_open=True)
        if not self.limits:
            raise check.invalid("epochs", "at least one of epochs, steps and seconds", None)
        super().__init__(**quantity)

    @property
    def monitors(self) -> tuple[str, ...]:
        return ()

    def reset(self) -> None:
        super().reset()
        self.count = 0

    def update(self, epoch: int, values: Values, examples: np.ndarray | None = None) -> Decision:
        self.count += 1
        value = values.get(self.monitor)
        improved = value is not None and self.take_best(epoch, float(value))
        used = {"epochs": self.count, "steps": values.get("step"), "seconds": values.get("seconds")}
        for name, limit in self.limits.items():
            spent = used[name]
            if spent is not None and spent >= limit:
                sentence = f"The budget of {limit:g} {name} is used up."
                return Decision(True, name, sentence, improved)
        return Decision(improved=improved)
