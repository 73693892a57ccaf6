"""Do both losses go up and down by large factors?"""

import math

import numpy as np

from kreg.diagnostics.directions import TESTABLE
from kreg.diagnostics.references import Baseline
from kreg.diagnostics.series import Series
from kreg.diagnostics.thresholds import Thresholds


def jumps(series: Series, t: int, baseline: Baseline, limits: Thresholds) -> bool:
    """Whether both losses go up and down by large factors: steps that are too long.

    Rows say that of validation where it is small; the training side has to do it as well.
    """
    recent = slice(max(0, t + 1 - 2 * limits.window), t + 1)
    train = series.train[recent][series.measured[recent]]
    guess = baseline.get("train", {}).get("loss", math.nan)
    least = limits.size * (guess if math.isfinite(guess) else float(series.validation[0]))
    train_errors = series.train_error[recent][series.measured[recent]]
    errors = series.errors[recent]
    return shaken(series.validation[recent], errors, least, limits) and shaken(
        train, train_errors, least, limits
    )


def shaken(values: np.ndarray, errors: np.ndarray, least: float, limits: Thresholds) -> bool:
    """Whether a loss rises and falls by large factors, and by more than `least` in all.

    A change counts where it is more than the rows' own chance: eighteen of them jump by themselves.
    """
    if len(values) <= TESTABLE or not (np.isfinite(values).all() and (values > 0).all()):
        return False
    noise = limits.z * np.nan_to_num(np.maximum(errors[1:], errors[:-1]))
    changes = np.where(np.abs(np.diff(values)) > noise, np.diff(np.log(values)), 0.0)
    large = np.median(np.abs(changes)) > limits.shaken and np.ptp(values) > least
    return bool(large and min((changes > 0).sum(), (changes < 0).sum()) > 1)
