"""The table of the textbooks, word for word: and what it costs to believe it."""

import math
from typing import ClassVar, Unpack

import numpy as np

from kreg import check
from kreg.diagnostics.criteria.base import Criterion, Decision, Quantity, Values
from kreg.diagnostics.criteria.prechelt import TRAIN


class Textbook(Criterion):
    """`train falls and validation rises: stop; both fall: go on; both flat: converged, stop`.

    A comparison of two neighbouring epochs is close to a coin toss near the minimum: the change of
    a validation loss from one epoch to the next is smaller than its own error. With `times=1`, the
    textbook's reading, it stops far too early in about every fourth training; three in a row are
    about as good as any rule. `benchmarks/bench_stopping.py` prints the figures.

    Args:
        times: Epochs in a row that must give the same answer, >= 1. Defaults to `1`.
        flat: Relative change below which a curve counts as flat, >= 0. Defaults to `1e-4`.
        train: Name of the training loss. Defaults to `"clean_loss"`.
    """

    state: ClassVar[tuple[str, ...]] = (
        "best",
        "best_epoch",
        "last",
        "last_train",
        "run",
        "last_answer",
    )

    def __init__(
        self,
        times: int = 1,
        *,
        flat: float = 1e-4,
        train: str = TRAIN,
        **quantity: Unpack[Quantity],
    ):
        self.times = check.integer("times", times, low=1)
        self.flat = check.number("flat", flat, low=0)
        self.train = train
        super().__init__(**quantity)

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor, self.train)

    def reset(self) -> None:
        super().reset()
        self.last: float | None = None
        self.last_train: float | None = None
        self.run, self.last_answer = 0, ""

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        train = values.get(self.train)
        if train is None:
            return Decision(improved=improved)
        answer = self.answer(value, float(train))
        self.run = self.run + 1 if answer == self.last_answer else 1
        self.last, self.last_train, self.last_answer = value, float(train), answer
        if not answer or self.run < self.times:
            return Decision(improved=improved)
        why = {
            "overfitting": f"The training loss falls while {self.monitor} gets worse",
            "converged": f"Neither the training loss nor {self.monitor} moves",
        }[answer]
        sentence = f"{why}, {self.run} in a row ({self.best_so_far()})."
        return Decision(True, answer, sentence, improved)

    def answer(self, value: float, train: float) -> str:
        """The table's entry: `"overfitting"`, `"converged"` or `""` for "go on"."""
        if self.last is None or self.last_train is None:
            return ""
        if not all(map(math.isfinite, (value, self.last, self.last_train))):
            return ""
        validation = direction(self.cost(self.last), self.cost(value), self.flat)
        training = direction(self.last_train, train, self.flat)
        table = {(-1, 1): "overfitting", (0, 0): "converged"}
        return table.get((training, validation), "")


def direction(before: float, after: float, flat: float) -> int:
    """-1 falls, 0 flat, 1 rises; flat is `|after - before| <= flat * |before|`.

    >>> direction(1.0, 0.9, 1e-3), direction(1.0, 1.0005, 1e-3)
    (-1, 0)
    """
    change = after - before
    if abs(change) <= flat * abs(before):
        return 0
    return 1 if change > 0 else -1
