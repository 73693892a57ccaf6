"""Which weights a training ends with: those of the best epoch, or a mean around it."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.callbacks.early_stopping.snapshots import Snapshots, write
from kreg.callbacks.shared_values import shared
from kreg.measuring import NoRowsError, Rows, take
from kreg.measuring.batch_statistics import measure_again, normalizations
from kreg.measuring.replicas import Replicas
from kreg.measuring.rows import KEPT, MOST
from kreg.measuring.streams import is_iterator

AGAIN = "BatchNormalization's statistics were measured again."
NOT_AGAIN = "BatchNormalization's statistics are means, too: no training rows were at hand."
BROKEN = "; no mean of it and the epochs around it is finite"


class Restoration:
    """Puts the best epoch back, or the mean of consecutive validations that measures better.

    A mean has the zeros of the best epoch: of a weight with a penalty of kreg it is
    `penalty.averaged(mean, w_best)`, which is `mean * (w_best != 0)`, or the mean put back into the
    set of a constraint. So the support that was reported is the support that is kept. Sources:
    Izmailov et al. 2018 (SWA); Kaddour 2022 (LAWA).

    Args:
        model: The model, after training.
        snapshots: What was kept.
        score: Function that measures the monitored loss now, or returns `None`; or `None`.
        best: The best epoch's loss.

    After `run`: `epochs`, whose mean was restored, or an empty list.
    """

    def __init__(
        self,
        model: keras.Model,
        snapshots: Snapshots,
        score: Callable[[], float | None] | None,
        best: float | None,
    ) -> None:
        self.model, self.snapshots = model, snapshots
        self.score, self.best = score, math.inf if best is None else best
        self.epochs: list[int] = []
        self.rows = training_rows(model) if snapshots.windows() else None

    def run(self) -> str:
        """Restore; says what."""
        at = self.snapshots.best
        if at is None:
            return ""
        windows = self.snapshots.windows()
        measured = [self._measured(window) for window in windows]
        known = [loss for loss in measured if loss is not None and math.isfinite(loss)]
        alone = f"epoch {at + 1}"
        unknown = [w for w, loss in zip(windows, measured, strict=True) if loss is None]
        # nobody can tell which is better: what was asked for, but never what is not finite
        if not known and (sound := next(filter(self._sound, unknown), None)):
            self._put(sound)
            return f"Restored {named(sound)}.{self._statistics()}"
        if not known or min(known) > self.best:
            self.epochs = []
            write(self.model, self.snapshots.load(at), self.snapshots.what)
            if not known:
                return f"Restored {alone}{BROKEN if windows else ''}."
            worse = named(windows[measured.index(min(known))])
            return f"Restored {alone}: it measures {self.best:.4g}, {worse} {min(known):.4g}."
        window = windows[measured.index(min(known))]
        self._put(window)
        beside = f"it measures {min(known):.4g}, {alone} alone {self.best:.4g}"
        return f"Restored {named(window)}: {beside}.{self._statistics()}"

    def _measured(self, window: Sequence[int]) -> float | None:
        if self.score is None:
            return None
        self._put(window)
        return self.score()

    def _sound(self, window: Sequence[int]) -> bool:
        """Whether the mean is finite wherever the best epoch is."""
        mean = averaged(self.model, self.snapshots, window)
        best = best_of(self.snapshots, window)
        pairs = [(m, b) for m, b in zip(mean, best, strict=True) if is_number(b)]
        return all((np.isfinite(m) | ~np.isfinite(b)).all() for m, b in pairs)

    def _put(self, window: Sequence[int]) -> None:
        """The mean of these epochs into the model."""
        self.epochs = list(window)
        write(self.model, averaged(self.model, self.snapshots, window), self.snapshots.what)
        if self.rows is not None:
            measure_again(self.model, self.rows)

    def _statistics(self) -> str:
        if not normalizations(self.model):
            return ""
        return f" {AGAIN if self.rows is not None else NOT_AGAIN}"


def named(epochs: Sequence[int]) -> str:
    """`the mean of epochs 3, 4, 5`."""
    return f"the mean of epochs {', '.join(str(epoch + 1) for epoch in epochs)}"


def averaged(model: keras.Model, snapshots: Snapshots, epochs: Sequence[int]) -> list[np.ndarray]:
    """The mean of the model's own weights; whole numbers and the optimizer's are the best epoch's.

    Sums of float64 are exact for what is stored in float32 or less: a frozen weight stays the same.

    Args:
        model: The model, for the penalties of its weights.
        snapshots: What was kept.
        epochs: Which epochs of it.
    """
    best = best_of(snapshots, epochs)
    of_model = model.weights if snapshots.what == "weights" else model.variables
    total: list[Any] = [np.zeros(value.shape) if is_number(value) else value for value in best]
    for epoch in epochs:
        for i, value in enumerate(snapshots.load(epoch)):
            if is_number(value):
                total[i] = total[i] + value.astype(np.float64)
    variables = list(of_model) if len(of_model) <= len(best) else []
    found = list(best)
    for i, variable in enumerate(variables):
        if is_number(best[i]):
            mean = total[i] / len(epochs)
            found[i] = with_zeros(variable, mean, best[i]).astype(best[i].dtype)
    return found


def best_of(snapshots: Snapshots, epochs: Sequence[int]) -> list[np.ndarray]:
    """The best epoch's variables; before there is one, the last one's."""
    return snapshots.load(snapshots.best if snapshots.best is not None else epochs[-1])


def is_number(value: np.ndarray) -> bool:
    return "float" in value.dtype.name  # bfloat16, too, which NumPy does not know as floating


def with_zeros(variable: keras.Variable, mean: np.ndarray, best: np.ndarray) -> np.ndarray:
    """What a penalty of kreg keeps of a mean."""
    keep = getattr(getattr(variable, "regularizer", None), "averaged", None)
    if keep is None:
        return mean
    kept = keep(*(keras.ops.convert_to_tensor(v.astype(best.dtype)) for v in (mean, best)))
    return np.asarray(keras.ops.convert_to_numpy(kept))


def training_rows(model: keras.Model) -> Rows | None:
    """Rows for the statistics, where there are any: those of Diagnostics, or what `fit` reads."""
    if not normalizations(model) or Replicas(model).strategy is not None:
        return None
    watch = shared(model).diagnostics
    if watch is not None and watch.train is not None:
        return watch.train
    given = private_keras.fit_arguments(model)
    x, y = given.get("x"), given.get("y")
    if x is None or is_iterator(x):
        return None
    try:
        return take("x", (x, y) if y is not None else x, KEPT, most=MOST)
    except (NoRowsError, ValueError, TypeError):  # whatever it is, it is not worth the weights
        return None
