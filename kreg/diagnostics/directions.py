"""Which way a curve goes over its last validations."""

import math

import numpy as np

from kreg.diagnostics.series import Series
from kreg.diagnostics.states import FALLS, FLAT, RISES
from kreg.diagnostics.statistics import mann_kendall, theil_sen
from kreg.diagnostics.thresholds import Thresholds

TESTABLE = 4  # values: of fewer no order is significant


def direction(epochs: np.ndarray, values: np.ndarray, limits: Thresholds) -> int:
    """Falls, flat or rises: Theil-Sen's slope over the window, if it is large and no chance."""
    there = np.isfinite(values)
    if there.sum() < 2:
        return FLAT
    epochs, values = epochs[there], values[there]
    change = theil_sen(epochs, values) * (epochs[-1] - epochs[0])
    if abs(change) <= limits.flat * abs(float(np.median(values))):
        return FLAT
    z = mann_kendall(values) if len(values) >= TESTABLE else math.copysign(math.inf, change)
    if change > 0:
        return RISES if z > limits.rises else FLAT
    return FALLS if z < -limits.falls else FLAT


def training(series: Series, window: slice) -> np.ndarray:
    """The training losses that were measured in a window, if they are enough for a test."""
    measured = np.where(series.measured[window], series.train[window], np.nan)
    return measured if np.isfinite(measured).sum() >= TESTABLE else series.train[window]


def pressed(series: Series, window: slice, limits: Thresholds) -> bool:
    """Whether the penalty falls by more than the training loss rises: the sum still improves."""
    whole = training(series, window) + series.penalty[window]
    return direction(series.epochs[window], whole, limits) == FALLS
