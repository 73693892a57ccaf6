"""Two statistical criteria: a trend test on the curve, a paired test on the examples."""

import math
import sys

import numpy as np

from kreg import check
from kreg.diagnostics.criteria.base import Criterion, Decision
from kreg.diagnostics.statistics import mann_kendall, paired_z


class Trend(Criterion):
    """`stop when the Mann-Kendall z of the last w validations > z`: the curve is rising.

    Args:
        window: Validations looked at, w >= 4. Defaults to `8`.
        z: One-sided critical value > 0. Defaults to `1.645` (5 %).

    Source: Mann 1945; Kendall 1975.
    """

    state = ("best", "best_epoch", "recent")

    def __init__(self, window: int = 8, *, z: float = 1.645, **kwargs):
        self.window = check.integer("window", window, low=4)
        self.z = check.number("z", z, low=0, low_open=True)
        super().__init__(**kwargs)

    def reset(self) -> None:
        super().reset()
        self.recent = []

    def judge(self, epoch, value, values, examples) -> Decision:
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
    state = ("best", "best_epoch", "best_examples", "hits")

    def __init__(self, z: float = 2.33, *, times: int = 2, **kwargs):
        self.z = check.number("z", z, low=0, low_open=True)
        self.times = check.integer("times", times, low=1)
        super().__init__(**kwargs)

    def reset(self) -> None:
        super().reset()
        self.best_examples = None
        self.hits = 0

    def judge(self, epoch, value, values, examples) -> Decision:
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
