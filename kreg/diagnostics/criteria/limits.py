"""Hard limits: a goal reached, a loss that left the road, a budget used up."""

import math

from kreg import check
from kreg.diagnostics.criteria.base import Criterion, Decision


class Threshold(Criterion):
    """`stop when E(t) is at least as good as value`.

    Args:
        value: The goal, a finite number.
    """

    def __init__(self, value: float, **kwargs):
        self.value = check.number("value", value)
        super().__init__(**kwargs)

    def judge(self, epoch, value, values, examples) -> Decision:
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

    def __init__(self, value: float | None = None, **kwargs):
        self.value = None if value is None else check.number("value", value)
        super().__init__(**kwargs)

    def judge(self, epoch, value, values, examples) -> Decision:
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

    state = ("best", "best_epoch", "count")

    def __init__(self, epochs=None, *, steps=None, seconds=None, **kwargs):
        self.limits = {}
        if epochs is not None:
            self.limits["epochs"] = check.integer("epochs", epochs, low=1)
        if steps is not None:
            self.limits["steps"] = check.integer("steps", steps, low=1)
        if seconds is not None:
            self.limits["seconds"] = check.number("seconds", seconds, low=0, low_open=True)
        if not self.limits:
            raise check.invalid("epochs", "at least one of epochs, steps and seconds", None)
        super().__init__(**kwargs)

    @property
    def monitors(self):
        return ()

    def reset(self) -> None:
        super().reset()
        self.count = 0

    def update(self, epoch, values, examples=None) -> Decision:
        self.count += 1
        value = values.get(self.monitor)
        improved = value is not None and self.take_best(epoch, float(value))
        used = {"epochs": self.count, "steps": values.get("step"), "seconds": values.get("seconds")}
        for name, limit in self.limits.items():
            if used[name] is not None and used[name] >= limit:
                sentence = f"The budget of {limit:g} {name} is used up."
                return Decision(True, name, sentence, improved)
        return Decision(improved=improved)
