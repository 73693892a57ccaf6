"""What a stopping rule costs, and what it saves: regret and epochs.

Two currencies, fixed before any rule was tried. *Regret* is the test loss of the weights kept above
the smallest test loss of the same run, in percent. *Calibrated regret* is the same after one
temperature, fitted on the validation rows at every epoch, on both sides: the test loss that a user
gets who ends with `kreg.calibrate`. The test set is large and no rule sees it.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from benchmarks.verdicts.protocol import StoppingRule, stopped
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


def score(rule: StoppingRule, runs: Sequence[Run]) -> StoppingScore:
    """The figures of one rule."""
    return of([(run, *stopped(rule, run)) for run in runs])


def oracle(curve: str, runs: Sequence[Run]) -> StoppingScore:
    """Train all epochs and keep the one where this curve is smallest, test curves included.

    Runs without the curve are left out: `measuring` says which those are.
    """
    chosen = measuring(curve, runs)
    return of(
        [(run, len(run.examples), int(np.nanargmin(run.curves[curve])) + 1) for run in chosen]
    )


def measuring(curve: str, runs: Sequence[Run]) -> list[Run]:
    """The runs that have a value of this curve at every epoch."""
    return [run for run in runs if np.isfinite(run.curves.get(curve, np.nan)).all()]


def of(kept: Sequence[tuple[Run, int, int]]) -> StoppingScore:
    """The figures of (run, epochs paid for, epoch kept)."""
    regrets = [regret(run, RAW, epoch) for run, _, epoch in kept]
    repaired = [regret(r, CALIBRATED, e) for r, _, e in kept if measuring(CALIBRATED, [r])]
    return StoppingScore(
        float(np.mean(regrets)),
        float(np.quantile(regrets, 0.9)),
        float(np.mean(repaired)) if repaired else float("nan"),
        float(np.mean([paid / len(run.examples) for run, paid, _ in kept])),
        float(np.mean([paid - 1 < EARLY * run.curves[RAW].argmin() for run, paid, _ in kept])),
    )


def regret(run: Run, curve: str, epoch: int) -> float:
    """Percent by which a test curve at an epoch lies above its smallest value of the run."""
    loss = run.curves[curve]
    return float(100 * (loss[epoch - 1] / loss.min() - 1))


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
