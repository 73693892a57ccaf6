"""The state after each epoch, from what was known at that epoch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.overconfidence import overconfident
from kreg.diagnostics.series import Series
from kreg.diagnostics.states import FALLS, FLAT, RISES, TABLE
from kreg.diagnostics.statistics import mann_kendall, paired_se, theil_sen, typical
from kreg.diagnostics.trailing import WINDOW, Trailing

CALM = {
    "LEARNING", "MEMORISING", "LATE GAIN", "CONVERGED", "UNDERFITTING", "UNDECIDED", "GUESSING",
}  # fmt: skip
# words that may be true of a model at the level of guessing
ABOVE = {"LEARNING", "LATE GAIN", "SETTLING", "UNSTABLE", "TOO EARLY", "NON-FINITE"}
QUIET = {"CONVERGED", "MEMORISING"}  # words that say that validation has lost nothing
TRENDS = CALM | {"SETTLING", "TOO STRONG", "UNSTABLE"}
Baseline = Mapping[str, Mapping[str, float]]  # side -> number -> value
TESTABLE = 4  # values: of fewer no order is significant


@dataclass(frozen=True)
class Thresholds:
    """Every number the verdict depends on.

    Args:
        window: Validations whose slope is read (Theil-Sen).
        flat: Relative change over the window below which a curve is flat.
        rises: Mann-Kendall z over the window that a rise must exceed: 5 %, one-sided.
        falls: The same of a fall: 16 %. A rise that is none alarms, a fall that is none only waits.
        lost: Percent above the best from which the loss counts as worse.
        back: Percent at or below which it counts as recovered.
        trailing: Validations averaged before they are compared with the best.
        sure: Probability of being worse, from which it is believed: that of |z| above `z`.
        checks: Validations in a row that must agree where there are no per-example losses.
        z: |paired z| below which an epoch cannot be told from the best.
        moved: Relative change of the training loss since the best epoch that counts.
        suspicious: Standard errors by which validation may lie below training.
        high: Share of the baseline's loss above which a training loss at rest is underfitting,
            where it is not known what the nearest neighbours cost.
        all: Share of a rise that one temperature must remove for the rise to be over-confidence.
        worse: Percent above the best from which a loss that may be chance is not called calm.
        shaken: Median |log change| from one validation to the next of a loss that jumps.
        size: Share of what guessing costs by which a loss that jumps goes up and down.
        matters: Share of what guessing costs up to which a loss that a penalty raises is no harm.
    """

    window: int = 8
    flat: float = 0.01
    rises: float = 1.64
    falls: float = 1.0
    lost: float = 2.0
    back: float = 1.0
    trailing: int = WINDOW
    sure: float = 0.9
    checks: int = 2
    z: float = 1.28
    moved: float = 0.02
    suspicious: float = 2.0
    high: float = 0.5
    all: float = 0.9
    worse: float = 10.0
    shaken: float = 0.2
    size: float = 0.05
    matters: float = 0.01


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
    """

    epoch: int
    state: str
    best: int | None
    anchor: int | None
    lost: float
    sure: float
    confirmed: bool


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
        if found not in ABOVE and guessing(series, t, best, baseline, limits):
            found = "GUESSING"
        shown = settled(shown, before, found)
        above = percent_above(series, t, best)
        checks.append(Check(int(series.epochs[t]), shown, best, anchor, above, sure, confirmed))
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


def jumps(series: Series, t: int, baseline: Baseline, limits: Thresholds) -> bool:
    """Whether both losses go up and down by large factors: steps that are too long.

    Rows say that of validation where it is small; the training side has to do it as well.
    """
    recent = slice(max(0, t + 1 - 2 * limits.window), t + 1)
    train = series.train[recent][series.measured[recent]]
    guess = baseline.get("train", {}).get("loss", math.nan)
    least = limits.size * (guess if math.isfinite(guess) else float(series.validation[0]))
    known = series.examples[recent]
    errors = np.array([math.nan if rows is None else paired_se(rows) for rows in known])
    train_errors = series.train_error[recent][series.measured[recent]]
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
    error = 0.0 if rows is None else limits.z * paired_se(rows)
    margin = max(limits.flat * abs(reference), error if math.isfinite(error) else 0.0)
    difference = float(series.validation[t]) - reference
    return 0 if abs(difference) <= margin else int(math.copysign(1, difference))


def matters(change: float, baseline: Baseline, limits: Thresholds) -> bool:
    """Whether a loss that has changed by so much has changed by a share of what guessing costs.

    A loss near zero doubles by what nobody would notice. Where it is not known what guessing costs,
    every change matters.
    """
    guess = baseline.get("train", {}).get("loss", 0.0)
    return bool(guess <= 0 or change > limits.matters * guess)


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


def training(series: Series, window: slice) -> np.ndarray:
    """The training losses that were measured in a window, if they are enough for a test."""
    measured = np.where(series.measured[window], series.train[window], np.nan)
    return measured if np.isfinite(measured).sum() >= TESTABLE else series.train[window]


def pressed(series: Series, window: slice, limits: Thresholds) -> bool:
    """Whether the penalty falls by more than the training loss rises: the sum still improves."""
    whole = training(series, window) + series.penalty[window]
    return direction(series.epochs[window], whole, limits) == FALLS


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
    rows, train = series.examples[t], float(series.train_error[t])
    if rows is None:
        return math.inf
    validation = paired_se(rows)
    return math.hypot(validation, validation if math.isnan(train) else train)


def right(series: Series, t: int, baseline: Baseline, limits: Thresholds) -> bool | None:
    """Whether more answers are right than the most frequent class gives; `None`: not known."""
    share, correct = baseline.get("validation", {}).get("accuracy"), series.correct[t]
    if share is None or correct is None or not correct.size:
        return None
    won = correct.mean() - share
    return bool(won > limits.z * math.sqrt(share * (1 - share) / correct.size))
