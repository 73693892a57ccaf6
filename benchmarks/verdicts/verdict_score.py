"""What a verdict is worth: precision, recall, false alarms, flips and onset error.

Truth, from a large test set that no rule sees: the model is past its best at an epoch when its test
loss is more than 2 % above its smallest so far. A rule raises an alarm at an epoch from what was
known at that epoch.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from benchmarks.verdicts.protocol import HELD_AT, VerdictRule, answers
from benchmarks.verdicts.suite import Run
from kreg.diagnostics.statistics import paired_se

TOLERANCE = 1.02
COLUMNS = "precision  recall visible  false alarms  flips/run  onset error  delay"


@dataclass(frozen=True)
class VerdictScore:
    """Figures of one rule, pooled over all epochs of all runs.

    Args:
        precision: Share of the alarms that are true; NaN without an alarm.
        recall: Share of the past-best epochs that have an alarm.
        visible: The same of those whose rise of the test loss is more than 1.96 paired standard
            errors of that difference on the validation rows: what those rows can show at all.
        false_alarms: Share of the other epochs that have an alarm.
        flips: Changes of the alarm, a run.
        onset: Epochs from the rule's date to that of the smallest test loss: median over the runs
            that end past their best.
        delay: Epochs from the first past-best epoch to the first alarm, either way, likewise.
    """

    precision: float
    recall: float
    visible: float
    false_alarms: float
    flips: float
    onset: float
    delay: float

    def __str__(self) -> str:
        widths = ("9.3f", "7.3f", "7.3f", "13.3f", "10.2f", "12.1f", "6.1f")
        return " ".join(format(value, width) for value, width in zip(astuple(self), widths))


def truth(run: Run) -> tuple[np.ndarray, int]:
    """(past its best, at each epoch; epoch of the smallest test loss)."""
    loss = run.curves["test_loss"]
    return loss > TOLERANCE * np.minimum.accumulate(loss), int(loss.argmin()) + 1


def visible(run: Run) -> np.ndarray:
    """Whether the rise of the test loss at each epoch is one that the validation rows can show."""
    loss, means = run.curves["test_loss"], trailing(run.examples, 5)
    best = [int(loss[: t + 1].argmin()) for t in range(len(loss))]
    errors = np.array([paired_se(means[t] - means[b]) for t, b in enumerate(best)])
    return loss - loss[best] > 1.96 * errors


def trailing(rows: np.ndarray, window: int) -> np.ndarray:
    """Means over the last `window` epochs, fewer at the start."""
    sums = np.cumsum(rows, axis=0, dtype=float)
    sums[window:] = sums[window:] - sums[:-window]
    return sums / np.minimum(np.arange(1, len(rows) + 1), window)[:, None]


def score(rule: VerdictRule, runs: Sequence[Run]) -> VerdictScore:
    """The figures of one rule."""
    counts, shown, flips, onsets, delays = np.zeros((2, 2)), [], [], [], []
    for number, run in enumerate(runs):
        past, best = truth(run)
        alarm, date = answers(rule, run, held=number % HELD_AT == 0)
        np.add.at(counts, (past.astype(int), alarm.astype(int)), 1)
        shown.extend(alarm[past & visible(run)])
        flips.append(np.count_nonzero(np.diff(alarm.astype(int))))
        if past[-1] and date is not None:
            onsets.append(abs(date - best))
        if past[-1] and alarm.any():
            delays.append(abs(int(alarm.argmax()) - int(past.argmax())))
    (fine, false), (missed, hit) = counts
    return VerdictScore(
        share(hit, hit + false),
        share(hit, hit + missed),
        share(sum(shown), len(shown)),
        share(false, fine + false),
        float(np.mean(flips)),
        median(onsets),
        median(delays),
    )


def share(part: float, of: float) -> float:
    return float(part / of) if of else float("nan")


def median(values: list[int]) -> float:
    return float(np.median(values)) if values else float("nan")
