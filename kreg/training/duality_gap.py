"""DualityGap: how far a linear model is from the minimum of its training objective, at most."""

from typing import Any

import keras

from kreg.measuring.keras_numbers import Logs
from kreg.optimizers.duality import LinearGap
from kreg.optimizers.objective import data_loss, penalised, penalty_now


class DualityGap(keras.callbacks.Callback):
    """`duality_gap` and `relative_gap`, its share of the objective, in the logs of every epoch.

    A proof, where the model is linear and its penalty convex: no weights at all have an objective
    that is lower by more. Other models get no such columns. A rule can wait for it:
    `kreg.EarlyStopping("relative_gap", criterion=..., restore_best=False)`.

    Args:
        train: `(x, y)`: all training rows as arrays, without augmentation and weights.
    """

    def __init__(self, train: tuple[Any, Any]) -> None:
        super().__init__()
        self.train = train
        self.gap: LinearGap | None = None

    def proves(self, model: keras.Model) -> bool:
        """Whether a gap can be proved for a compiled model on these rows."""
        return LinearGap(model, *self.train)() is not None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.gap = LinearGap(self.model, *self.train)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        found = self.measure()
        if found is not None and logs is not None:
            logs["duality_gap"], logs["relative_gap"] = found

    def measure(self) -> tuple[float, float] | None:
        """`(gap, gap / objective)` now, or `None` where nothing is proved."""
        gap = None if self.gap is None else self.gap()
        if gap is None:
            return None
        loss = float(keras.ops.convert_to_numpy(data_loss(self.model, *self.train)))
        objective = loss + sum(penalty_now(self.model, v, p) for v, p in penalised(self.model))
        return gap, gap / objective if objective > 0 else 0.0
