"""The settings of a sweep: what its runs have in common when seeds and folds are left aside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kreg.config.strengths import harder
from kreg.metric_names import direction
from kreg.sweeps.reading import Sweep

PENALTY = "reg."  # factors of that group
STRENGTHS = ("reg.strength", "strength")  # of whatever kind: of a sweep, and of `kreg.search`
KINDS = ("reg",)  # which penalty: the name is the same in both
TEST = ("test_clean_accuracy", "test_clean_rmse", "test_clean_loss")


@dataclass(frozen=True)
class Estimate:
    """A mean over replicates and its standard error, `sd / sqrt(n)`; NaN for one replicate."""

    mean: float
    error: float
    count: int

    @classmethod
    def of(cls, values: pd.Series) -> "Estimate":
        """That of the values that are there."""
        known = pd.to_numeric(values, errors="coerce").dropna()
        error = known.std() / math.sqrt(len(known)) if len(known) > 1 else math.nan
        return cls(float(known.mean()), float(error), len(known))


@dataclass(frozen=True)
class Setting:
    """Runs that differ in seed and fold alone.

    Args:
        name: As it would be typed; empty where nothing varies.
        runs: The finished ones, a row each.
        objective: The mean of what is compared.
    """

    name: str
    runs: pd.DataFrame
    objective: Estimate

    def estimate(self, column: str) -> Estimate:
        """Mean and standard error of a measured column."""
        return Estimate.of(self.runs.get(column, pd.Series(dtype=float)))

    def difference(self, other: "Setting", replicates: Sequence[str]) -> Estimate:
        """This objective minus another's, paired: what seeds and folds do to both drops out."""
        own, others = (paired(setting.runs, replicates) for setting in (self, other))
        return Estimate.of((own - others).dropna())

    def ties(self, other: "Setting", replicates: Sequence[str]) -> bool:
        """Whether both have exactly the same objective in each replicate."""
        own, others = (paired(setting.runs, replicates) for setting in (self, other))
        return own.index.equals(others.index) and bool(np.all(own == others))

    @property
    def weights(self) -> float:
        """How many weights are not zero, on average."""
        params, zeros = (self.estimate(name).mean for name in ("params", "sparsity"))
        return params * (1 - (0.0 if math.isnan(zeros) else zeros))

    @property
    def test(self) -> tuple[str, Estimate] | None:
        """The score on the test rows, and its name; `None` where there is none."""
        name = next((n for n in TEST if n in self.runs and self.runs[n].notna().any()), None)
        return None if name is None else (name, self.estimate(name))


def paired(runs: pd.DataFrame, replicates: Sequence[str]) -> pd.Series:
    """The objective by seed and fold."""
    keys = [runs[key] for key in replicates] or [pd.Series(0, runs.index)]
    return runs["objective"].astype(float).groupby(keys, dropna=False).mean()


def settings(sweep: Sweep) -> list[Setting]:
    """All that have a finished run: those with most replicates first, the best of them first."""
    done = sweep.done
    names = [name_of(row, sweep.varied) for _, row in done.iterrows()]
    found = [
        Setting(str(name), runs, Estimate.of(runs["objective"]))
        for name, runs in done.groupby(names, sort=False)
    ]
    sign = -1 if direction(sweep.objective) == "max" else 1
    return sorted(found, key=lambda s: (-s.objective.count, sign * s.objective.mean))


def are_repeated(found: Sequence[Setting]) -> bool:
    """Whether any setting was trained more than once."""
    return any(setting.objective.count > 1 for setting in found)


def chosen(sweep: Sweep, found: Sequence[Setting]) -> Setting:
    """What the sweep has chosen: the best mean, or under `choose=1se` the simplest near it.

    Near means within one standard error of the best one's mean. Simplest is, as of glmnet's
    `lambda.1se`, the strongest penalty where strengths are all that varies; else the one with the
    fewest weights that are not zero, and of those that are equal the strongest penalty.
    """
    best = found[0]
    if sweep.choose != "1se" or math.isnan(best.objective.error):
        return best
    near = [
        setting
        for setting in found
        if setting.objective.count == best.objective.count
        and abs(setting.objective.mean - best.objective.mean) <= best.objective.error
    ]
    if strengths(sweep):
        return max(near, key=lambda s: [harder(f) * float(s.runs.iloc[0][f]) for f in sweep.varied])
    return min(near, key=lambda setting: (setting.weights, *weakness(setting, best, sweep)))


def weakness(setting: Setting, best: Setting, sweep: Sweep) -> tuple[bool, bool, float]:
    """How weak the penalty of a setting is: one without a strength, another kind, by its number.

    Numbers of two kinds do not compare, so that the best one's kind comes first.
    """
    run, other = setting.runs.iloc[0], best.runs.iloc[0]
    known = [factor for factor in sweep.varied if harder(factor)]
    numbers = pd.to_numeric(run[known], errors="coerce") * [harder(factor) for factor in known]
    others = any(text(run[kind]) != text(other[kind]) for kind in KINDS if kind in sweep.varied)
    return bool(numbers.isna().all()), others, -float(numbers.sum())


def strengths(sweep: Sweep) -> bool:
    """Whether nothing varies but numbers that say how hard the penalty acts."""
    numeric = (pd.to_numeric(sweep.runs[f], errors="coerce").notna().all() for f in sweep.varied)
    return all(map(harder, sweep.varied)) and all(numeric)


def of_penalty(factor: str) -> bool:
    return factor.startswith(PENALTY) or factor in STRENGTHS


def tied(found: Sequence[Setting], best: Setting, replicates: Sequence[str]) -> list[Setting]:
    """The settings whose objectives are the best one's to the last digit, itself included."""
    return [setting for setting in found if setting.ties(best, replicates)]


def name_of(row: pd.Series, factors: Sequence[str]) -> str:
    """A run's factors as they would be typed."""
    return " ".join(f"{factor}={text(row[factor])}" for factor in factors if text(row[factor]))


def text(value: object) -> str:
    """A factor's value; empty where the run has none of its own."""
    return "" if value is None or value != value else f"{value}"


def link(run: pd.Series) -> str:
    """The run's page, relative to the sweep's; empty for a training without a directory."""
    return f"{run['run']}/report.html" if "path" in run else ""
