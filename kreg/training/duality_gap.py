"""DualityGap: how far a linear model is from the minimum of its training objective, at most."""

from typing import Any

import keras

from kreg.measuring.keras_numbers import Logs
from kreg.measuring.used_weights import used_weights
from kreg.optimizers.duality import LinearGap
from kreg.optimizers.linear_minimum import lower_bound

FINER = 4  # the bound is found to so small a part of what is asked for


class DualityGap(keras.callbacks.Callback):
    """`duality_gap` and `duality_gap_share` in the logs of every epoch.

    `duality_gap = objective - bound`: no weights at all have a training objective below the bound,
    so at most the gap is left to gain. `duality_gap_share` is the gap over what guessing costs: the
    loss of the best constant prediction, that is the entropy of the classes or the variance of the
    targets. scikit-learn's lasso measures its gap in the same unit. A share of the objective itself
    would ask for more and more digits the better the model fits.

    The bound is a dual objective. It is found once, before training, by a descent of its own in
    float64, to a quarter of `near`; see `kreg.optimizers.linear_minimum`. Models that are not
    convex, or have no penalty, get no such columns. A rule can wait for the gap:
    `kreg.EarlyStopping("duality_gap_share", criterion=..., restore_best=False)`.

    Args:
        train: `(x, y)`: all training rows as arrays, without augmentation and weights.
        near: Number > 0: the share that somebody waits for. Defaults to `3e-4`.
    """

    def __init__(self, train: tuple[Any, Any], near: float = 3e-4) -> None:
        super().__init__()
        self.train, self.near = train, near
        self.gap: LinearGap | None = None
        self.bound: float | None = None
        self.guess = 0.0

    def proves(self, model: keras.Model) -> bool:
        """Whether a gap can be proved for a compiled model on these rows; finds the bound."""
        self.gap = LinearGap(model, *self.train)
        if self.gap.problem is None:
            return False
        self.guess = self.gap.guessing()
        if not self.guess > 0:
            return False
        self.bound = lower_bound(self.gap, self.near * self.guess / FINER)
        return self.bound is not None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with used_weights(self.model):
            found = self.measure()
        if found is not None and logs is not None:
            logs["duality_gap"], logs["duality_gap_share"] = found

    def measure(self) -> tuple[float, float] | None:
        """`(gap, gap / what guessing costs)` now, or `None` where nothing is proved."""
        if self.gap is None or self.bound is None:
            return None
        objective = self.gap.objective()
        gap = max(objective - self.bound, 0.0)  # in float64 the optimum itself may be below
        return gap, gap / self.guess
