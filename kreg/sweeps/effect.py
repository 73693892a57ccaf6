"""What each factor does to the objective, and how sure that is."""

import math
from dataclasses import dataclass, replace

import pandas as pd
from scipy import stats

from kreg.sweeps import trained
from kreg.sweeps.reading import Sweep
from kreg.sweeps.settings import STRENGTHS

MOST_LEVELS = 12  # a number with more values is cut into thirds
THIRDS = ("low", "middle", "high")
ROUNDING = 1e-12


@dataclass(frozen=True)
class Effect:
    """One level of a factor: its mean objective relative to the mean of all levels.

    `difference` below zero is better than the factor's average. `half_width` is half of the 95 %
    confidence interval over seeds and folds (Student's t of the differences within each), `nan`
    for one. `unfinished` of the `runs` are under-trained; the effect `rests` on these where it is
    another one without them.
    """

    factor: str
    level: str
    mean: float
    difference: float
    half_width: float
    runs: int
    unfinished: int = 0
    rests: bool = False

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out, and not because of under-trained runs."""
        return not (self.rests or self.none) and abs(self.difference) > self.half_width

    @property
    def none(self) -> bool:
        """Whether the level is exactly as good as the mean of all, but for rounding."""
        return abs(self.difference) <= ROUNDING * abs(self.mean)


def effects(sweep: Sweep, objective: str = "objective") -> list[Effect]:
    """The effect of every level of every factor on the finished runs.

    The runs of one seed and fold are compared with each other first: the difference between seeds,
    which all levels share, drops out.
    """
    runs = sweep.done
    cut = trained.unfinished(runs)
    found = effects_among(sweep, runs, objective)
    if not cut.any():
        return found
    without = {(e.factor, e.level): e for e in effects_among(sweep, runs[~cut], objective)}
    counts = {f: cut.groupby(levels(runs[f])).sum() for f in sweep.varied}
    return [
        replace(
            effect,
            unfinished=int(counts[effect.factor].get(effect.level, 0)),
            rests=differs(effect, without.get((effect.factor, effect.level))),
        )
        for effect in found
    ]


def differs(effect: Effect, other: Effect | None) -> bool:
    """Whether an effect is gone, or another one, without the under-trained runs."""
    if other is None or other.sure != effect.sure:
        return True
    said = effect.sure or math.isnan(effect.half_width)  # of one seed the sign is told
    return said and effect.difference * other.difference < 0


def effects_among(sweep: Sweep, runs: pd.DataFrame, objective: str) -> list[Effect]:
    """The effects on some of the runs."""
    replicate = pd.Series(0, runs.index)
    if sweep.replicates:
        replicate = runs.groupby(sweep.replicates, dropna=False).ngroup()
    found = []
    for factor in sweep.varied:
        own = having(runs, factor)
        level, values = levels(own[factor]), own[objective]
        found += effects_of(factor, level, values, replicate.loc[own.index])
    return found


def having(runs: pd.DataFrame, factor: str) -> pd.DataFrame:
    """The runs that a factor is about: a strength says nothing of a penalty without one."""
    return runs[runs[factor].notna()] if factor in STRENGTHS else runs


def levels(column: pd.Series) -> pd.Series:
    """The values as names; many different numbers as thirds of their range of ranks."""
    if column.nunique(dropna=False) <= MOST_LEVELS:
        return column.map(lambda value: "(default)" if value is None else f"{value}")
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().any():
        return column.astype(str)
    return pd.qcut(numbers.rank(method="first"), 3, labels=THIRDS).astype(str)


def effects_of(
    factor: str, level: pd.Series, objective: pd.Series, replicate: pd.Series
) -> list[Effect]:
    """Means by level and replicate, relative to the mean of the replicate's levels."""
    cells = objective.astype(float).groupby([replicate, level]).mean().unstack()
    if cells.shape[1] < 2:
        return []
    differences = cells.sub(cells.mean(axis=1), axis=0)
    counts = level.value_counts()
    order = cells.mean().sort_values().index
    return [
        Effect(
            factor,
            str(name),
            float(cells[name].mean()),
            float(differences[name].mean()),
            half_width(differences[name].dropna()),
            int(counts[name]),
        )
        for name in order
    ]


def half_width(values: pd.Series, confidence: float = 0.95) -> float:
    """`t_{n-1} * sd / sqrt(n)`, `nan` for fewer than two values."""
    if len(values) < 2:
        return math.nan
    return float(
        stats.t.ppf((1 + confidence) / 2, len(values) - 1) * values.std() / math.sqrt(len(values))
    )
