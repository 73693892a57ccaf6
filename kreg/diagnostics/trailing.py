"""How sure is it that the loss is past its best? Epoch by epoch, from the past alone."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from kreg.archive import State
from kreg.diagnostics.statistics import paired_z

WINDOW = 5  # validations averaged: single epochs jitter by more than an onset is worth


class Trailing:
    """`lost = 100 (E(t) / E_best - 1)` and `sure = Phi(z)`, z paired over the examples.

    `E` are per-example losses averaged over the last `window` validations, and "best" is where
    their mean was smallest so far. `z = mean(d) / (sd(d) / sqrt(n))`, `d = l(t) - l(best)`: with a
    flat prior, `sure` is the probability that the model is worse than at its best.

    Args:
        window: Validations averaged, >= 1. Defaults to `5`.

    >>> trail = Trailing(window=1)
    >>> easy, hard = np.ones(50), np.linspace(1.1, 1.3, 50)
    >>> trail.update(1.0, easy), trail.update(1.2, hard)
    ((0.0, 0.5), (20.0, 1.0))
    """

    state = ("values", "rows", "best", "best_rows")

    def __init__(self, window: int = WINDOW):
        self.window = window
        self.values: list[float] = []
        self.rows: np.ndarray | None = None  # (up to window, n)
        self.best: float | None = None
        self.best_rows: np.ndarray | None = None

    def update(self, value: float, rows: ArrayLike | None) -> tuple[float, float]:
        """`(percent above the best, sure)` of the trailing mean after this validation.

        `sure` is NaN without per-example losses. A value that is not finite is skipped: it says
        nothing about overfitting.
        """
        if not math.isfinite(value):
            return math.inf, math.nan
        self.values = [*self.values, value][-self.window :]
        self.rows = self._with(rows)
        mean = float(np.mean(self.values))
        row = None if self.rows is None else self.rows.mean(axis=0)
        if self.best is None or mean < self.best:
            self.best, self.best_rows = mean, row
            return 0.0, math.nan if row is None else 0.5
        return round(100 * (mean - self.best) / (abs(self.best) or 1.0), 9), self._sure(row)

    def _with(self, rows: ArrayLike | None) -> np.ndarray | None:
        """The window with the new rows; only epochs of the same examples can be averaged."""
        if rows is None:
            return None
        row = np.asarray(rows, dtype=np.float64)[None]
        if self.rows is None or self.rows.shape[1] != row.shape[1]:
            return row
        return np.concatenate([self.rows, row])[-self.window :]

    def _sure(self, row: np.ndarray | None) -> float:
        if row is None or self.best_rows is None or row.shape != self.best_rows.shape:
            return math.nan
        z = paired_z(row, self.best_rows)
        return math.nan if math.isnan(z) else NormalDist().cdf(z)

    def get_state(self) -> State:
        return {name: getattr(self, name) for name in self.state}

    def set_state(self, state: State) -> None:
        for name in self.state:
            setattr(self, name, state[name])
        self.values = list(self.values)
