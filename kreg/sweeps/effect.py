"""What each factor does to the objective, and how sure that is."""

import math
from dataclasses import dataclass, replace

import pandas as pd
from scipy import stats

from kreg.sweeps import trained
from kreg.sweeps.reading import SEED, Sweep

MOST_LEVELS = 12  # a number with more values is cut into thirds
THIRDS = ("low", "middle", "high")


@dataclass(frozen=True)
class Effect:
    """One level of a factor: its mean objective relative to the mean of all levels.

    `difference` below zero is better than the factor's average. `half_width` is half of the 95 %
    confidence interval over seeds (Student's t of the per-seed differences), `nan` for one seed.
    `unfinished` of the `runs` are under-trained; the effect `rests` on these where it is another
    one without them.
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
        return not self.rests and abs(self.difference) > self.half_width


def effects(sweep: Sweep, objective: str = "objective") -> list[Effect]:
    """The effect of every level of every factor on the finished runs.

    The runs of one seed are compared with each other first: the difference between seeds, which all
    levels share, drops out.
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
    runs = runs.copy()
    runs[SEED] = runs[SEED] if SEED in sweep.factors else 0
    return [
        effect
        for factor in sweep.varied
        for effect in effects_of(factor, levels(runs[factor]), runs[objective], runs[SEED])
    ]


def levels(column: pd.Series) -> pd.Series:
    """The values as names; many different numbers as thirds of their range of ranks."""
    if column.nunique(dropna=False) <= MOST_LEVELS:
        return column.map(lambda value: "(default)" if value is None else f"{value}")
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().any():
        return column.astype(str)
    return pd.qcut(numbers.rank(method="first"), 3, labels=THIRDS).astype(str)


def effects_of(
    factor: str, level: pd.Series, objective: pd.Series, seed: pd.Series
) -> list[Effect]:
    """Means by level and seed, relative to the mean of the seed's levels."""
    cells = objective.astype(float).groupby([seed, level]).mean().unstack()
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
