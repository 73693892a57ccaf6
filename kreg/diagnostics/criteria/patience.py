"""Patience: stop when nothing has improved for a while."""

from typing import ClassVar, Unpack

import numpy as np

from kreg import check
from kreg.diagnostics.criteria.base import Criterion, Decision, Quantity, Values
from kreg.diagnostics.statistics import paired_se


class Patience(Criterion):
    """`stop when the last `patience` validations brought no E(t) < E_best - min_delta`.

    The rule of Keras's `EarlyStopping`; with the same arguments it stops at the same epoch, except
    that a first value of NaN is not taken as the best.

    Args:
        patience: Whole number >= 0 of validations; 0 acts as 1. Defaults to `10`.
        min_delta: What counts as an improvement: a number >= 0 (absolute), a string such as
            `"0.5%"` (of the best value), or `"auto"`, the standard error of the paired difference
            to the best epoch (needs per-example losses). Defaults to `0`.
        baseline: A value that must be beaten before the waiting restarts, or `None`.

    Source: Morgan & Bourlard 1990; Keras.

    >>> rule = Patience(2)
    >>> [rule.update(t, {"val_clean_loss": v}).stop for t, v in enumerate([3, 2, 2.5, 2.1], 1)]
    [False, False, False, True]
    """

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "wait", "best_examples")

    def __init__(
        self,
        patience: int = 10,
        *,
        min_delta: float | str = 0,
        baseline: float | None = None,
        **quantity: Unpack[Quantity],
    ):
        self.patience = check.integer("patience", patience, low=0)
        self.min_delta = _checked_delta(min_delta)
        self.baseline = None if baseline is None else check.number("baseline", baseline)
        super().__init__(**quantity)

    @property
    def needs_examples(self) -> bool:
        return self.min_delta == "auto"

    def reset(self) -> None:
        super().reset()
        self.wait = 0
        self.best_examples: np.ndarray | None = None

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        self.wait += 1
        if self.take_best(epoch, value, self.margin(examples)):
            if self.needs_examples:
                self.best_examples = examples.copy()
            if self.baseline is None or self.cost(value) < self.cost(self.baseline):
                self.wait = 0
            return Decision(improved=True)
        if self.wait < self.patience:
            return Decision()
        return Decision(
            stop=True,
            reason="patience",
            sentence=f"{self.monitor} has not improved for {self.wait} validations "
            f"({self.best_so_far()}).",
        )

    def margin(self, examples: np.ndarray) -> float:
        """`min_delta` in the units of the monitored quantity."""
        if self.min_delta == "auto":
            best = self.best_examples
            return 0.0 if best is None else paired_se(examples - best)
        if isinstance(self.min_delta, str):
            return float(self.min_delta[:-1]) / 100 * abs(self.best or 0.0)
        return self.min_delta


def _checked_delta(value: float | str) -> float | str:
    """A number >= 0, `"auto"`, or a percentage."""
    if not isinstance(value, str):
        return check.number("min_delta", value, low=0)
    if value == "auto":
        return value
    try:
        check.number("min_delta", float(value.removesuffix("%")), low=0)
    except ValueError:
        value = value.removesuffix("%")
    if not value.endswith("%"):
        raise check.invalid(
            "min_delta", "a number >= 0, a percentage such as '1%', or 'auto'", value
        )
    return value
