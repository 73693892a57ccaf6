"""The state after each epoch, from what was known at that epoch."""

import math
from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.directions import direction, pressed, training
from kreg.diagnostics.jumps import jumps
from kreg.diagnostics.overconfidence import overconfident
from kreg.diagnostics.references import Baseline, guessing, high, matters, right
from kreg.diagnostics.series import Series
from kreg.diagnostics.states import FALLS, FLAT, PAST_BEST, RISES, TABLE
from kreg.diagnostics.statistics import typical
from kreg.diagnostics.thresholds import Thresholds
from kreg.diagnostics.trailing import Trailing

CALM = {
    "LEARNING", "MEMORISING", "LATE GAIN", "CONVERGED", "UNDERFITTING", "UNDECIDED", "GUESSING",
}  # fmt: skip
# words that may be true of a model at the level of guessing
ABOVE = {"LEARNING", "LATE GAIN", "SETTLING", "UNSTABLE", "TOO EARLY", "NON-FINITE"}
QUIET = {"CONVERGED", "MEMORISING"}  # words that say that validation has lost nothing
TRENDS = CALM | {"SETTLING", "TOO STRONG", "UNSTABLE"}


@dataclass(frozen=True)
class Check:
    """What one validation says, with everything before it.

    Args:
        epoch: The epoch.
        state: Name of the state.
        best: Position of the best single validation so far, or `None`.
        anchor: Position of the middle of the best stretch of `trailing` validations, or `None`.
        lost: Percent by which this validation is above the best.
        sure: Probability that it is worse than its best; NaN without per-example losses.
        confirmed: Whether "past its best" is believed.
        past_best: Whether that is the word, or would be, were nothing said of guessing.
    """

    epoch: int
    state: str
    best: int | None
    anchor: int | None
    lost: float
    sure: float
    confirmed: bool
    past_best: bool


def walk(
    series: Series,
    *,
    baseline: Baseline | None = None,
    limits: Thresholds | None = None,
    noisy: bool = False,
) -> list[Check]:
    """One `Check` for each validation, each from the past alone.

    Args:
        series: The judged curves.
        baseline: What guessing costs, as in `Record`; tells CONVERGED from UNDERFITTING and from
            GUESSING.
        limits: Thresholds. Defaults to `Thresholds()`.
        noisy: Whether the training labels are known to be worse than those of validation: then a
            smaller validation loss is not SUSPICIOUS. Defaults to `False`.
    """
    limits, baseline = limits or Thresholds(), baseline or {}
    trail = Trailing(limits.trailing)
    checks: list[Check] = []
    best: int | None = None
    anchor: int | None = None
    shown: str | None = None
    found: str | None = None
    hits, confirmed = 0, False
    for t, value in enumerate(series.validation):
        if math.isfinite(value) and (best is None or value < series.validation[best]):
            best = t
        lost, sure = trail.update(float(value), series.examples[t])
        if lost == 0 or anchor is None:
            anchor = middle(series, t, limits.trailing)
        hits = hits + 1 if lost > limits.lost and math.isfinite(lost) else 0
        confirmed = believed(confirmed, lost, sure, hits, limits)
        before, found = found, name(series, t, anchor, confirmed, baseline, limits, noisy)
        harm = best is not None and matters(value - series.validation[best], baseline, limits)
        if found in QUIET and limits.worse < lost < math.inf and harm:
            found = "UNDECIDED"
        if found == "MEMORISING" and best == t:  # better than ever: nothing widens for nothing
            found = "LEARNING"
        past_best = found in PAST_BEST
        if found not in ABOVE and guessing(series, t, best, baseline, limits):
            found = "GUESSING"
        shown = settled(shown, before, found)
        above = percent_above(series, t, best)
        epoch = int(series.epochs[t])
        checks.append(Check(epoch, shown, best, anchor, above, sure, confirmed, past_best))
    return checks


def settled(shown: str | None, before: str | None, found: str) -> str:
    """The word that is said: a calm one stays until an alarm, or two in a row that contradict."""
    stays = shown in CALM and found in TRENDS and found != before
    return shown if shown and stays else found


def middle(series: Series, t: int, window: int) -> int | None:
    """Position of the middle of the last `window` finite validations at position t."""
    finite = np.flatnonzero(np.isfinite(series.validation[: t + 1]))[-window:]
    return int(finite[(len(finite) - 1) // 2]) if finite.size else None


def believed(before: bool, lost: float, sure: float, hits: int, limits: Thresholds) -> bool:
    """Whether "past its best" is believed now: a larger loss to begin than to go on."""
    if not math.isfinite(lost):
        return before
    if math.isnan(sure):
        return hits >= limits.checks or (before and lost > limits.back)
    return sure > limits.sure and lost > (limits.back if before else limits.lost)


def percent_above(series: Series, t: int, best: int | None) -> float:
    """Percent by which the validation loss at t is above the best so far."""
    if best is None:
        return math.nan
    now, then = series.validation[t], series.validation[best]
    # a loss that may be negative has no ratio: measure against its size
    return float(100 * (now - then) / (abs(then) or 1.0))


def name(
    series: Series,
    t: int,
    anchor: int | None,
    confirmed: bool,
    baseline: Baseline,
    limits: Thresholds,
    noisy: bool = False,
) -> str:
    """The state's name at position t: the overrides in their order, then the table."""
    if not math.isfinite(series.validation[t]) or math.isinf(series.train[t]):
        return "NON-FINITE"
    if t + 1 < limits.window:
        return "TOO EARLY"
    if not noisy and suspicious(series, t, limits):
        return "SUSPICIOUS"
    if jumps(series, t, baseline, limits):
        return "UNSTABLE"
    if confirmed and anchor is not None:
        only_sure = overconfident(series, t, anchor, limits)
        only_sure = only_sure and right(series, t, baseline, limits) is not False
        return "OVERCONFIDENT" if only_sure else past(series, t, anchor, baseline, limits)
    window = slice(t + 1 - limits.window, t + 1)
    train = direction(series.epochs[window], training(series, window), limits)
    validation = direction(series.epochs[window], series.validation[window], limits)
    if validation == RISES and train != RISES:
        return "UNDECIDED"
    if train == RISES and pressed(series, window, limits):
        validation = min(validation, FLAT)
        harm = matters(series.train[t] - np.nanmin(series.train[: t + 1]), baseline, limits)
        train = RISES if harm or validation == FALLS else FLAT
    if series.one_sided and validation == FALLS:
        return "LEARNING"  # not LATE GAIN: nobody knows that the training loss rests
    state = TABLE[train, validation]
    return "UNDERFITTING" if state == "CONVERGED" and high(series, t, baseline, limits) else state


def past(series: Series, t: int, anchor: int, baseline: Baseline, limits: Thresholds) -> str:
    """The right-hand column of the table, with the best stretch as the beginning of the window."""
    end = min(anchor + limits.trailing // 2, t)  # of the best stretch
    then, now = (typical(series.train, i, limits.trailing) for i in (end, t))
    change = now - then
    if abs(change) <= limits.moved * abs(then):
        return TABLE[FLAT, RISES]
    if change > 0 and change + series.penalty[t] < series.penalty[anchor]:
        # paid for by the penalty: too strong, not unstable
        risen = max(change, series.validation[t] - series.validation[anchor])
        return TABLE[RISES if matters(risen, baseline, limits) else FLAT, FLAT]
    return TABLE[RISES if change > 0 else FALLS, RISES]


def suspicious(series: Series, t: int, limits: Thresholds) -> bool:
    """`train - validation > 2 SE(train - validation)` at three checks: too good to be true."""
    recent = range(max(0, t - 2), t + 1)
    if not (series.honest and series.comparable):
        return False
    margins = [limits.suspicious * gap_error(series, i) for i in recent]
    return all(series.train[i] - series.validation[i] > m for i, m in zip(recent, margins))


def gap_error(series: Series, t: int) -> float:
    """`sqrt(SE(train)^2 + SE(validation)^2)`: the standard error of their difference.

    Where that of the training side is not known, validation's stands for it: the sides have
    equally many rows. Infinite without per-example losses.
    """
    if series.examples[t] is None:
        return math.inf
    validation, train = float(series.errors[t]), float(series.train_error[t])
    return math.hypot(validation, validation if math.isnan(train) else train)
