"""DualityGap: how far a linear model is from the minimum of its training objective, at most."""

import math
from typing import Any

import keras

from kreg.measuring.keras_numbers import Logs
from kreg.measuring.used_weights import averages, used_weights
from kreg.optimizers.duality import LinearGap
from kreg.optimizers.linear_minimum import LinearMinimum

FINER = 4  # the bound is found to so small a part of what is asked for
EXACT = 1e-7  # of what guessing costs: there a validation loss has settled, too


class DualityGap(keras.callbacks.Callback):
    """`duality_gap` and `duality_gap_share` in the logs of every epoch.

    `duality_gap = objective - bound`: no weights at all have a training objective below the bound,
    so at most the gap is left to gain. `duality_gap_share` is the gap over what guessing costs: the
    loss of the best constant prediction, that is the entropy of the classes or the variance of the
    targets. scikit-learn's lasso measures its gap in the same unit. A share of the objective itself
    would ask for more and more digits the better the model fits.

    The bound is a dual objective. It is found before training, by a descent of its own in float64,
    to a quarter of `near`; see `kreg.optimizers.linear_minimum`. Models that are not convex, or
    have no penalty, get no such columns. A rule can wait for the gap:
    `kreg.EarlyStopping("duality_gap_share", criterion=..., restore_best=False)`.

    A gap of `near` does not settle a validation loss that is small: mini-batches bring the weights
    near the optimum, and leave them jittering around it. With `finish` the weights of the descent
    take their place in the epoch that reaches `near`, after as many more of its steps as prove
    1e-7 of what guessing costs, or as its bound on the work allows.

    Args:
        train: `(x, y)`: all training rows as arrays, without augmentation and weights.
        near: Number > 0: the share that somebody waits for. Defaults to `3e-4`.
        finish: Whether the training ends there, at the optimum itself. An average of the weights
            that the optimizer keeps is left as it is. Defaults to `False`.
    """

    def __init__(self, train: tuple[Any, Any], near: float = 3e-4, *, finish: bool = False) -> None:
        super().__init__()
        self.train, self.near, self.finish = train, near, finish
        self.gap: LinearGap | None = None
        self.minimum: LinearMinimum | None = None
        self.guess = 0.0

    def proves(self, model: keras.Model) -> bool:
        """Whether a gap can be proved for a compiled model on these rows; finds the bound."""
        self.gap = LinearGap(model, *self.train)
        if self.gap.problem is None:
            return False
        self.guess = self.gap.guessing()
        if not self.guess > 0:
            return False
        self.minimum = LinearMinimum(self.gap)
        self.minimum.descend(self.near * self.guess / FINER)
        return math.isfinite(self.minimum.bound)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with used_weights(self.model):
            found = self.measure()
        if found is not None and self.finish and found[1] <= self.near:
            self.go_to_the_optimum()
            found = self.measure()
        if found is not None and logs is not None:
            logs["duality_gap"], logs["duality_gap_share"] = found

    def measure(self) -> tuple[float, float] | None:
        """`(gap, gap / what guessing costs)` now, or `None` where nothing is proved."""
        if self.gap is None or self.minimum is None or not math.isfinite(self.minimum.bound):
            return None
        objective = self.gap.objective()
        gap = max(objective - self.minimum.bound, 0.0)  # in float32 the optimum may be below
        return gap, gap / self.guess

    def go_to_the_optimum(self) -> None:
        """Give the model the weights of the descent, where they have the smaller objective."""
        if self.gap is None or self.minimum is None or averages(self.model):
            return
        self.minimum.descend(EXACT * self.guess)
        if self.minimum.objective < self.gap.objective():
            kernel, bias = self.minimum.weights
            layer = self.gap.convex.layer
            layer.set_weights([kernel] if bias is None else [kernel, bias])
