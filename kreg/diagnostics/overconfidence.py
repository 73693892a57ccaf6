"""Has the loss risen because the model got worse, or because it has become too sure?"""

import math

import numpy as np

from kreg.diagnostics.series import Series
from kreg.diagnostics.statistics import typical
from kreg.diagnostics.thresholds import Thresholds


def overconfident(series: Series, t: int, anchor: int, limits: Thresholds) -> bool:
    """Whether one temperature takes back all that the loss has risen.

    Where no refined loss was measured: whether the loss is worse and the decisions are not, in most
    of the last five validations.
    """
    share = removed(series, t, anchor, limits)
    if share is not None:
        return share >= limits.all and refined_rise(series, t, anchor, limits) <= limits.back
    recent = range(max(anchor + 1, t - limits.trailing + 1), t + 1)
    same = [holds(series.correct[i], series.correct[anchor], limits.z) for i in recent]
    return sum(same) > len(same) / 2


def removed(series: Series, t: int, anchor: int, limits: Thresholds) -> float | None:
    """The share of the rise since the best stretch that one temperature removes, in [0, 1].

    `1 - rise of the refined loss / rise of the loss`, each from the median of the best stretch to
    the median of the last one; `None` where nothing has risen or no refined loss is known.
    """
    end = min(anchor + limits.trailing // 2, t)
    rise = rises_by(series.validation, t, end, limits)
    left = rises_by(series.refined, t, end, limits)
    if not (math.isfinite(left) and rise > 0):
        return None
    return min(max(1 - left / rise, 0.0), 1.0)


def refined_rise(series: Series, t: int, anchor: int, limits: Thresholds) -> float:
    """Percent of the best stretch's loss by which the refined loss has risen since."""
    end = min(anchor + limits.trailing // 2, t)
    size = abs(typical(series.validation, end, limits.trailing)) or 1.0
    return 100 * rises_by(series.refined, t, end, limits) / size


def rises_by(values: np.ndarray, t: int, end: int, limits: Thresholds) -> float:
    """From the median of a stretch that ends at `end` to that of the last one."""
    return typical(values, t, limits.trailing) - typical(values, end, limits.trailing)


def holds(now: np.ndarray | None, then: np.ndarray | None, z: float) -> bool:
    """Whether no significant number of right answers got lost: McNemar's test, one-sided."""
    if now is None or then is None or not now.size:
        return False
    lost, won = int((then & ~now).sum()), int((now & ~then).sum())
    return lost - won <= z * math.sqrt(lost + won)
