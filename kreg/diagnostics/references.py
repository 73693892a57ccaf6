"""The losses beside what they are held against: what guessing costs, what neighbours cost."""

import math
from collections.abc import Mapping

from kreg.diagnostics.series import Series
from kreg.diagnostics.thresholds import Thresholds

Baseline = Mapping[str, Mapping[str, float]]  # side -> number -> value


def matters(change: float, baseline: Baseline, limits: Thresholds) -> bool:
    """Whether a loss that has changed by so much has changed by a share of what guessing costs.

    A loss near zero doubles by what nobody would notice. Where it is not known what guessing costs,
    every change matters.
    """
    guess = baseline.get("train", {}).get("loss", 0.0)
    return bool(guess <= 0 or change > limits.matters * guess)


def high(series: Series, t: int, baseline: Baseline, limits: Thresholds) -> bool:
    """Whether both losses are higher than a simple use of the inputs reaches.

    The reference are the nearest neighbours; noise that no model can explain is in both.
    """
    known = baseline.get("validation", {}).get("neighbours")
    if known is not None:
        return bool(series.train[t] > known) and differs(series, t, known, limits) > 0
    guess = baseline.get("train", {}).get("loss", math.inf)
    # a loss that may be negative has no share
    return bool(series.train[t] > (limits.high * guess if guess > 0 else guess))


def guessing(
    series: Series, t: int, best: int | None, baseline: Baseline, limits: Thresholds
) -> bool:
    """Whether the model was never better than the best constant, or is not now, on both sides.

    More right answers than the most frequent class gives are better, whatever they cost.
    """
    train, validation = (baseline.get(side, {}).get("loss") for side in ("train", "validation"))
    if train is None or validation is None or best is None or right(series, t, baseline, limits):
        return False
    never = differs(series, best, validation, limits) >= 0
    return never or (series.train[t] >= train and differs(series, t, validation, limits) >= 0)


def differs(series: Series, t: int, reference: float, limits: Thresholds) -> int:
    """1 where the validation loss is above a reference, -1 below, 0 where that may be chance."""
    rows = series.examples[t]
    error = 0.0 if rows is None else limits.z * float(series.errors[t])
    margin = max(limits.flat * abs(reference), error if math.isfinite(error) else 0.0)
    difference = float(series.validation[t]) - reference
    return 0 if abs(difference) <= margin else int(math.copysign(1, difference))


def right(series: Series, t: int, baseline: Baseline, limits: Thresholds) -> bool | None:
    """Whether more answers are right than the most frequent class gives; `None`: not known."""
    share, correct = baseline.get("validation", {}).get("accuracy"), series.correct[t]
    if share is None or correct is None or not correct.size:
        return None
    won = correct.mean() - share
    return bool(won > limits.z * math.sqrt(share * (1 - share) / correct.size))
