"""From EarlyStopping's arguments to one criterion."""

import numbers
from typing import TypedDict

from kreg import check
from kreg.diagnostics.criteria import Criterion, Patience, Smoothed, parse


class Quantity(TypedDict):
    """What a criterion looks at."""

    monitor: str
    mode: str


class StopRule:
    """What the user asked for; `make` turns it into the criterion of one training.

    Args:
        quantity: `{"monitor": name, "mode": "min" or "max"}`.
        criterion: A rule string, a `Criterion` or `None`.
        patience: Whole number >= 0 or `None`; excludes `criterion`.
        min_delta: With `patience` only.
        baseline: With `patience` only.
        smoothing: Number in [0, 1).

    Raises:
        ValueError: For arguments that contradict each other or are out of range.
    """

    def __init__(
        self,
        quantity: Quantity,
        criterion: str | Criterion | None,
        patience: int | None,
        min_delta: float | str,
        baseline: float | None,
        smoothing: float,
    ) -> None:
        self.quantity = quantity
        self.smoothing = check.number("smoothing", smoothing, low=0, high=1, high_open=True)
        if patience is not None:
            if criterion is not None:
                raise check.invalid("criterion", "None together with patience", criterion)
            # Keras takes the absolute value
            delta = abs(min_delta) if isinstance(min_delta, numbers.Real) else min_delta
            criterion = Patience(patience, min_delta=delta, baseline=baseline, **quantity)
        elif baseline is not None or min_delta != 0:
            raise check.invalid("patience", "a whole number with min_delta or baseline", None)
        self.asked: str | Criterion = "default" if criterion is None else criterion
        self.make(examples=True)

    def make(self, examples: bool, monitor: str | None = None) -> Criterion:
        """A criterion that has seen nothing.

        Args:
            examples: Whether per-example losses will be there.
            monitor: What a rule looks at instead, or `None` for what was asked for.
        """
        if isinstance(self.asked, Criterion):
            found = self.asked
            found.reset()
        else:
            quantity: Quantity = {**self.quantity, "monitor": monitor or self.quantity["monitor"]}
            found = parse(self.asked, examples=examples, **quantity)
        return Smoothed(found, self.smoothing) if self.smoothing else found

    def __str__(self) -> str:
        return self.asked if isinstance(self.asked, str) else type(self.asked).__name__
