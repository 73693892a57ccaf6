"""One stopping rule less another, on the same runs: what is left when the runs' own luck is gone.

Runs of one task share their data, so they are no independent witnesses. The mean of the differences
is taken over the tasks, of each task's mean, and its standard error from the spread of those.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.verdicts.stopping_score import CALIBRATED, RAW, Outcome, regret_of

COLUMNS = "regret %      (se)  calibrated %      (se)  epochs  better worse"


@dataclass(frozen=True)
class Difference:
    """What the first rule has more of; less is better.

    Args:
        regret: Points of regret, a mean over the tasks, and its standard error.
        calibrated: The same of the calibrated regret; NaN where no run has one.
        epochs: Share of the epochs.
        better: Runs in which the first rule keeps the smaller test loss.
        worse: Runs in which it keeps the larger one.
    """

    regret: tuple[float, float]
    calibrated: tuple[float, float]
    epochs: float
    better: int
    worse: int

    def __str__(self) -> str:
        (raw, of_raw), (soft, of_soft) = self.regret, self.calibrated
        figures = f"{raw:+8.2f} {of_raw:9.2f} {soft:+13.2f} {of_soft:9.2f}"
        return f"{figures} {self.epochs:+7.2f} {self.better:7d} {self.worse:5d}"


def compare(first: Sequence[Outcome], second: Sequence[Outcome]) -> Difference:
    """The first rule less the second; both have met the same runs in the same order."""
    tasks = [run.meta["task"] for run, _, _ in first]
    raw, soft = (regret_of(first, curve) - regret_of(second, curve) for curve in (RAW, CALIBRATED))
    paid = [
        (one - other) / len(run.examples) for (run, one, _), (_, other, _) in zip(first, second)
    ]
    signs = np.sign(raw)
    return Difference(
        over_tasks(raw, tasks),
        over_tasks(soft, tasks),
        float(np.mean(paid)),
        int((signs < 0).sum()),
        int((signs > 0).sum()),
    )


def over_tasks(values: np.ndarray, tasks: Sequence[str]) -> tuple[float, float]:
    """(mean of the tasks' means, its standard error); runs without a value are left out.

    >>> mean, error = over_tasks(np.array([1.0, 3.0, 4.0, np.nan]), ["a", "a", "b", "b"])
    >>> mean, round(error, 2)
    (3.0, 1.0)
    """
    names = np.array(tasks)
    known = np.isfinite(values)
    means = np.array([values[known & (names == name)].mean() for name in np.unique(names[known])])
    if not len(means):
        return math.nan, math.nan
    error = means.std(ddof=1) / math.sqrt(len(means)) if len(means) > 1 else math.nan
    return float(means.mean()), float(error)
