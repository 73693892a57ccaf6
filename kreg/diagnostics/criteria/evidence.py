"""Two statistical criteria: a trend test on the curve, a paired test on the examples."""

import math
import sys
from typing import ClassVar, Unpack

import numpy as np

from kreg import check
from kreg.archive import State
from kreg.diagnostics.criteria.base import Criterion, Decision, Quantity, Values, positive_loss
from kreg.diagnostics.statistics import mann_kendall, paired_z
from kreg.diagnostics.trailing import WINDOW, Trailing


class Trend(Criterion):
    """`stop when the Mann-Kendall z of the last w validations > z`: the curve is rising.

    Args:
        window: Validations looked at, w >= 4. Defaults to `8`.
        z: One-sided critical value > 0. Defaults to `1.645` (5 %).

    Source: Mann 1945; Kendall 1975.
    """

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "recent")

    def __init__(self, window: int = 8, *, z: float = 1.645, **quantity: Unpack[Quantity]):
        self.window = check.integer("window", window, low=4)
        self.z = check.number("z", z, low=0, low_open=True)
        super().__init__(**quantity)

    def reset(self) -> None:
        super().reset()
        self.recent: list[float] = []

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        # NaN has no rank; it counts as worse than everything
        cost = self.cost(value) if math.isfinite(value) else sys.float_info.max
        self.recent = [*self.recent, cost][-self.window :]
        if len(self.recent) < self.window:
            return Decision(improved=improved)
        z = mann_kendall(self.recent)
        if not z > self.z:
            return Decision(improved=improved)
        return Decision(
            stop=True,
            reason="trend",
            improved=improved,
            sentence=f"{self.monitor} has been getting worse over the last {self.window} "
            f"validations (Mann-Kendall z {z:.2f} > {self.z:g}; {self.best_so_far()}).",
        )


class Paired(Criterion):
    """`stop when mean(d) / (sd(d) / sqrt(n)) > z`, twice in a row; d_i = loss_i(t) - loss_i(best).

    The same examples at two epochs: the noise of the validation set cancels.

    Args:
        z: One-sided critical value > 0. Defaults to `2.33` (1 %).
        times: Validations in a row, >= 1. Defaults to `2`.

    Source: the paired test of Student 1908; WilcoxonPruner (Optuna) uses the same idea on trials.
    """

    needs_examples = True
    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "best_examples", "hits")

    def __init__(self, z: float = 2.33, *, times: int = 2, **quantity: Unpack[Quantity]):
        self.z = check.number("z", z, low=0, low_open=True)
        self.times = check.integer("times", times, low=1)
        super().__init__(**quantity)

    def reset(self) -> None:
        super().reset()
        self.best_examples: np.ndarray | None = None
        self.hits = 0

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        if self.take_best(epoch, value):
            self.best_examples, self.hits = np.array(examples), 0
            return Decision(improved=True)
        if self.best_examples is None:
            return Decision()
        z = paired_z(examples, self.best_examples)
        self.hits = self.hits + 1 if z > self.z or math.isnan(z) else 0
        if self.hits < self.times:
            return Decision()
        return Decision(
            stop=True,
            reason="paired",
            sentence=f"The validation examples are worse than at the {self.best_so_far()}, "
            f"{self.hits} validations in a row (paired z {z:.2f} > {self.z:g}).",
        )


class PastBest(Criterion):
    """`stop when E(t) > (1 + lost / 100) E_best and Phi(mean(d) / (sd(d) / sqrt(n))) > sure`.

    The verdict's own test: E and the per-example losses d are averaged over five validations, so
    that the jitter of single epochs neither stops a training nor hides its best. A verdict is taken
    back at the next validation, a stop is not: so it must hold six times in a row, until none of
    the validations that were averaged at first is left, and a new best begins the count again. One
    jump of the loss is in five means, and so is what it was before it fell.

    Args:
        lost: Percent > 0 above the best. Defaults to `2`.
        sure: Probability in (0, 1) that the model is worse than at its best. Defaults to `0.95`.
        window: Validations averaged, >= 1. Defaults to `5`.
        times: Validations in a row, >= 1. Defaults to `6`.
        after: Validations before it may stop, >= 1. Defaults to `8`.

    Source: GL of Prechelt 1998 with a paired test; measured in `benchmarks/bench_stopping.py`.
    """

    needs_examples = True
    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "count", "hits")

    def __init__(
        self,
        lost: float = 2.0,
        *,
        sure: float = 0.95,
        window: int = WINDOW,
        times: int = WINDOW + 1,
        after: int = 8,
        **quantity: Unpack[Quantity],
    ):
        self.lost = check.number("lost", lost, low=0, low_open=True)
        self.sure = check.number("sure", sure, low=0, high=1, low_open=True, high_open=True)
        self.window = check.integer("window", window, low=1)
        self.times = check.integer("times", times, low=1)
        self.after = check.integer("after", after, low=1)
        super().__init__(**quantity)
        positive_loss("PastBest", self)

    def reset(self) -> None:
        super().reset()
        self.count = self.hits = 0
        self.trail = Trailing(self.window)

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        self.count += 1
        lost, sure = self.trail.update(value, examples)
        if math.isfinite(value):  # one that is not says nothing
            worse = lost > self.lost and sure > self.sure and not improved
            self.hits = self.hits + 1 if worse else 0
        if self.hits < self.times or self.count < self.after:
            return Decision(improved=improved)
        return Decision(
            stop=True,
            reason="past_best",
            improved=improved,
            sentence=f"{self.monitor} is {lost:.1f} % above its best, averaged over {self.window} "
            f"validations, and worse with a probability of {sure:.0%}, {self.hits} validations in "
            f"a row ({self.best_so_far()}).",
        )

    def get_state(self) -> State:
        return {**super().get_state(), "trail": self.trail.get_state()}

    def set_state(self, state: State) -> None:
        super().set_state({"hits": 0, **state})  # 0.1 wrote no count
        self.trail.set_state(state["trail"])
