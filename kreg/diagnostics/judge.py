"""The state after each epoch, from what was known at that epoch."""

import math
from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.criteria.prechelt import generalization_loss
from kreg.diagnostics.series import Series
from kreg.diagnostics.states import FALLS, FLAT, RISES, TABLE
from kreg.diagnostics.statistics import paired_se, paired_z, theil_sen


@dataclass(frozen=True)
class Thresholds:
    """Every number the verdict depends on.

    Args:
        window: Validations whose slope is read (Theil-Sen).
        flat: Relative change over the window below which a curve is flat.
        lost: Percent above the best (GL) from which the loss counts as worse.
        back: Percent at or below which it counts as recovered.
        z: Paired z above which "worse" is believed; the 10 % level, one-sided.
        checks: Validations in a row that must agree.
        moved: Relative change of the training loss since the best epoch that counts.
        suspicious: Standard errors by which validation may lie below training.
        high: Share of the chance loss above which a training loss at rest is underfitting.
    """

    window: int = 8
    flat: float = 0.01
    lost: float = 2.0
    back: float = 1.0
    z: float = 1.28
    checks: int = 2
    moved: float = 0.02
    suspicious: float = 2.0
    high: float = 0.5


@dataclass(frozen=True)
class Check:
    """What one validation says, with everything before it.

    Args:
        epoch: The epoch.
        state: Name of the state.
        best: Position of the best validation so far, or `None`.
        lost: Percent above the best.
        z: Paired z against the best; NaN without per-example losses.
        confirmed: Whether "worse than the best" is believed.
    """

    epoch: int
    state: str
    best: int | None
    lost: float
    z: float
    confirmed: bool


def walk(series: Series, *, chance: float | None = None, limits: Thresholds = None) -> list[Check]:
    """One `Check` for each validation, each from the past alone.

    Args:
        series: The judged curves.
        chance: The loss of a constant prediction, if known; tells CONVERGED from UNDERFITTING.
        limits: Thresholds. Defaults to `Thresholds()`.
    """
    limits = limits or Thresholds()
    checks, best, hits, confirmed = [], None, 0, False
    for t, value in enumerate(series.validation):
        if math.isfinite(value) and (best is None or value < series.validation[best]):
            best = t
        lost, z = evidence(series, t, best)
        worse = lost > limits.lost and (math.isnan(z) or z > limits.z)
        hits = hits + 1 if worse else 0
        confirmed = hits >= limits.checks or (confirmed and lost > limits.back)
        state = name(series, t, best, lost, confirmed, chance, limits)
        checks.append(Check(int(series.epochs[t]), state, best, lost, z, confirmed))
    return checks


def evidence(series: Series, t: int, best: int | None) -> tuple[float, float]:
    """(percent above the best, paired z against it) at position t."""
    if best is None or best == t:
        return 0.0, 0.0
    now, then = series.validation[t], series.validation[best]
    # a loss that may be negative has no ratio: measure against its size
    lost = generalization_loss(now, then) if then > 0 else 100 * (now - then) / (abs(then) or 1.0)
    rows = series.examples[t], series.examples[best]
    z = paired_z(*rows) if rows[0] is not None and rows[1] is not None else math.nan
    return float(lost), z


def name(series, t, best, lost, confirmed, chance, limits) -> str:
    """The state's name at position t: the overrides in their order, then the table."""
    if not math.isfinite(series.validation[t]) or math.isinf(series.train[t]):
        return "NON-FINITE"
    if t + 1 < limits.window:
        return "NOT ENOUGH DATA"
    if suspicious(series, t, limits):
        return "SUSPICIOUS"
    if confirmed:
        return (
            "OVERCONFIDENT"
            if overconfident(series, t, best, limits)
            else past(series, t, best, limits)
        )
    window = slice(t + 1 - limits.window, t + 1)
    train = slope(series.epochs[window], series.train[window], limits)
    validation = slope(series.epochs[window], series.validation[window], limits)
    if validation == RISES and train != RISES:
        return "UNDECIDED"
    state = TABLE[train, validation]
    if state == "CONVERGED" and chance is not None and series.train[t] > limits.high * chance:
        return "UNDERFITTING"
    return state


def past(series: Series, t: int, best: int, limits: Thresholds) -> str:
    """The right-hand column of the table, with the best epoch as the beginning of the window."""
    then, now = series.train[best], series.train[t]
    change = now - then
    if abs(change) <= limits.moved * abs(then):
        return TABLE[FLAT, RISES]
    return TABLE[RISES if change > 0 else FALLS, RISES]


def slope(epochs: np.ndarray, values: np.ndarray, limits: Thresholds) -> int:
    """Falls, flat or rises: the Theil-Sen slope over the window, relative to the curve's level."""
    there = np.isfinite(values)
    if there.sum() < 2:
        return FLAT
    epochs, values = epochs[there], values[there]
    change = theil_sen(epochs, values) * (epochs[-1] - epochs[0])
    if abs(change) <= limits.flat * abs(float(np.median(values))):
        return FLAT
    return RISES if change > 0 else FALLS


def suspicious(series: Series, t: int, limits: Thresholds) -> bool:
    """`train - validation > 2 sqrt(2) SE(validation)` at three checks: too good to be true.

    The two sides have equally many rows, so the standard error of validation stands for both.
    """
    recent = range(max(0, t - 2), t + 1)
    if not series.honest or any(series.examples[i] is None for i in recent):
        return False
    margins = [limits.suspicious * math.sqrt(2) * paired_se(series.examples[i]) for i in recent]
    return all(series.train[i] - series.validation[i] > m for i, m in zip(recent, margins))


def overconfident(series: Series, t: int, best: int, limits: Thresholds) -> bool:
    """The loss is worse, the decisions are not: McNemar's z of the same examples at two epochs."""
    now, then = series.correct[t], series.correct[best]
    if now is None or then is None or not now.size:
        return False
    lost, won = int((then & ~now).sum()), int((now & ~then).sum())
    # one-sided: only a significant loss of right answers makes it overfitting
    return lost - won <= limits.z * math.sqrt(lost + won)
