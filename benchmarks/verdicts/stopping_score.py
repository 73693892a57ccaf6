"""What a stopping rule costs, and what it saves: regret and epochs.

Two currencies, fixed before any rule was tried. *Regret* is the test loss of the weights kept above
the smallest test loss of the same run, in percent. *Calibrated regret* is the same after one
temperature, fitted on the validation rows at every epoch, on both sides: the test loss that a user
gets who ends with `kreg.calibrate`. The test set is large and no rule sees it. The mean of some
epochs' weights is held against the best single epoch, too, so its regret may be below zero.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from benchmarks.verdicts.protocol import Kept, Mean, StoppingRule, stopped
from benchmarks.verdicts.suite import Run

RAW, CALIBRATED = "test_loss", "test_calibrated_loss"
EARLY = 0.6  # of the way to the best epoch
COLUMNS = "regret %  (90th)  calibrated %  epochs  early"


@dataclass(frozen=True)
class StoppingScore:
    """Figures of one rule, means over the runs.

    Args:
        regret: Percent above the run's smallest test loss.
        high: The 90th percentile of that over the runs.
        calibrated: Percent above the run's smallest calibrated test loss, over the runs that have
            one; NaN where none has.
        epochs: Share of the recorded epochs that were trained.
        early: Share of the runs stopped before 60 % of the way to the best epoch.
    """

    regret: float
    high: float
    calibrated: float
    epochs: float
    early: float

    def __str__(self) -> str:
        widths = ("8.2f", "7.2f", "13.2f", "7.2f", "6.0%")
        return " ".join(format(value, width) for value, width in zip(astuple(self), widths))


Outcome = tuple[Run, int, Kept]  # the run, epochs paid for, what is kept


def outcomes(rule: StoppingRule, runs: Sequence[Run]) -> list[Outcome]:
    """What a rule does on each run."""
    return [(run, *stopped(rule, run)) for run in runs]


def score(rule: StoppingRule, runs: Sequence[Run]) -> StoppingScore:
    """The figures of one rule."""
    return of(outcomes(rule, runs))


def oracle(curve: str, runs: Sequence[Run]) -> StoppingScore:
    """Train all epochs and keep what has the smallest value of this curve, test curves included.

    Runs without the curve are left out: `measuring` says which those are.
    """
    return of([(run, len(run.examples), smallest(run, curve)) for run in measuring(curve, runs)])


def smallest(run: Run, curve: str) -> Kept:
    """The epoch where a curve is smallest; of a curve of means, that mean."""
    epoch = int(np.nanargmin(run.curves[curve])) + 1
    count = curve.rpartition("_mean")[2] if "_mean" in curve else ""
    return Mean(epoch, int(count)) if count else epoch


def measuring(curve: str, runs: Sequence[Run]) -> list[Run]:
    """The runs that have this curve."""
    return [run for run in runs if run.has(curve)]


def of(kept: Sequence[Outcome]) -> StoppingScore:
    """The figures of what was kept."""
    regrets, repaired = (regret_of(kept, curve) for curve in (RAW, CALIBRATED))
    return StoppingScore(
        float(np.mean(regrets)),
        float(np.quantile(regrets, 0.9)),
        float(np.nanmean(repaired)) if np.isfinite(repaired).any() else float("nan"),
        float(np.mean([paid / len(run.examples) for run, paid, _ in kept])),
        float(np.mean([paid - 1 < EARLY * run.curves[RAW].argmin() for run, paid, _ in kept])),
    )


def regret_of(kept: Sequence[Outcome], curve: str) -> np.ndarray:
    """The regret of each run, in percent; NaN where the run has no such curve."""
    return np.array([regret(run, curve, what) for run, _, what in kept])


def regret(run: Run, curve: str, kept: Kept) -> float:
    """Percent by which what is kept lies above the smallest value of a test curve of the run."""
    epoch, name = (kept.epoch, kept.of(curve)) if isinstance(kept, Mean) else (kept, curve)
    if not (run.has(curve) and run.has(name)):
        return float("nan")
    return float(100 * (run.curves[name][epoch - 1] / run.curves[curve].min() - 1))


def frontier(scores: dict[str, StoppingScore]) -> list[str]:
    """Rules that no other rule beats in both regret and epochs."""
    points = {name: (score.regret, score.epochs) for name, score in scores.items()}
    return [
        name
        for name, (regret, epochs) in points.items()
        if not any(
            r <= regret and e <= epochs and (r, e) != (regret, epochs) for r, e in points.values()
        )
    ]
