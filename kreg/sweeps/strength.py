"""Which penalty, and how much of it: what is compared against the strength, kind by kind."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from kreg.config.strengths import PENALTIES, harder
from kreg.metric_names import direction
from kreg.pages import bands, charts
from kreg.pages.formatting import number
from kreg.pages.views import Figure, Section
from kreg.sweeps.reading import Sweep
from kreg.sweeps.settings import KINDS, Setting, chosen, link, of_penalty, settings, text

SURE = 2.0  # standard errors


@dataclass(frozen=True)
class Way:
    """One kind of penalty at all of its strengths; everything else is as in the chosen setting.

    Args:
        kind: Its name; empty where only strengths vary.
        best: Its best setting.
        at: Strength to setting, the weakest first; NaN is the strength of a kind without one.
    """

    kind: str
    best: Setting
    at: dict[float, Setting]

    @property
    def strength(self) -> float:
        """The strength of its best setting."""
        return next(strength for strength, one in self.at.items() if one is self.best)

    @property
    def named(self) -> str:
        """`"l1 at 0.001"`, or `"none"`."""
        return self.kind if math.isnan(self.strength) else f"{self.kind} at {self.strength:g}"

    def edge(self, name: str) -> str:
        """Which end of what the factor was tried at is its best: `"weakest"`, `"strongest"`.

        Empty where neither is, or where nothing lies beyond it: there is no penalty below 0.
        """
        tried, here = list(self.at), self.strength
        at_none = here == 0 and name in PENALTIES
        if len(tried) < 2 or here not in (tried[0], tried[-1]) or at_none:
            return ""
        ends = {1: ("weakest", "strongest"), -1: ("strongest", "weakest"), 0: ("lowest", "highest")}
        return ends[harder(name)][here == tried[-1]]


def factor(sweep: Sweep) -> str:
    """The factor that is a strength; empty where none varies, or more than one."""
    found = [name for name in sweep.varied if of_penalty(name) and are_numbers(sweep.done[name])]
    return found[0] if len(found) == 1 else ""


def compared_by_kind(sweep: Sweep) -> list[str]:
    """The factors of a grid of kinds and strengths: what one does on average over the other says
    nothing, because nobody uses a kind at the mean of all strengths.
    """
    kinds = [name for name in KINDS if name in sweep.varied]
    return [*kinds, factor(sweep)] if kinds and factor(sweep) else []


def are_numbers(values: pd.Series) -> bool:
    """Whether all that are there are numbers, and at least two of them."""
    told = values.dropna()
    return told.nunique() > 1 and bool(pd.to_numeric(told, errors="coerce").notna().all())


def ways(sweep: Sweep, found: Sequence[Setting], best: Setting) -> list[Way]:
    """The kinds of penalty beside the chosen setting's, the best of them first."""
    name = factor(sweep)
    kind = next((one for one in KINDS if one in sweep.varied), "")
    rest = [one for one in sweep.varied if one not in (name, kind)]
    alike = [one for one in found if all(same(one, best, key) for key in rest)]
    kinds = list(dict.fromkeys(value(one, kind) for one in alike))
    return [way(told, [one for one in alike if value(one, kind) == told], name) for told in kinds]


def way(kind: str, own: Sequence[Setting], name: str) -> Way:
    """One kind's settings, which come best first, by their strengths."""
    at = {float(value(one, name) or "nan"): one for one in own}
    return Way(kind, own[0], dict(sorted(at.items())))


def value(setting: Setting, name: str) -> str:
    """A factor of a setting; empty where it has none."""
    return text(setting.runs.iloc[0][name]) if name else ""


def same(one: Setting, other: Setting, name: str) -> bool:
    return value(one, name) == value(other, name)


def sentences(sweep: Sweep) -> list[str]:
    """How far each kind is at its best strength, and which of them might be better still."""
    if not factor(sweep):
        return []
    found = settings(sweep)
    whole = [one for one in found if one.objective.count == found[0].objective.count]
    best = chosen(sweep, found)
    lines = ways(sweep, whole, best)
    return [*compared(sweep, lines, best), *at_the_edge(sweep, lines)]


def compared(sweep: Sweep, lines: Sequence[Way], best: Setting) -> list[str]:
    """Every other kind at its best strength beside the chosen setting."""
    own = next(line for line in lines if best in line.at.values())
    others = [line for line in lines if line is not own]
    if not others:
        return []
    sign = -1 if direction(sweep.objective) == "max" else 1
    told, close = [], []
    for line in others:
        gap = line.best.difference(best, sweep.replicates)
        word = "worse" if sign * gap.mean >= 0 else "better"
        sure = "" if math.isnan(gap.error) else f" (paired standard error {number(gap.error, 2)})"
        told.append(f"{line.named} is {number(abs(gap.mean), 2)} {word}{sure}")
        if abs(gap.mean) <= SURE * gap.error:
            close.append(line.kind)
    said = [f"Each kind at its best strength, beside {own.kind}: {', '.join(told)}."]
    if close:
        said.append(f"Within two standard errors, so not told apart from it: {', '.join(close)}.")
    return said


def at_the_edge(sweep: Sweep, lines: Sequence[Way]) -> list[str]:
    """The kinds whose best strength is the last one that was tried."""
    name = factor(sweep)
    if edges := [line for line in lines if line.edge(name)]:
        told = ", ".join(f"{line.kind} {line.edge(name)}".strip() for line in edges)
        return [
            f"Best at the end of what {name} was tried at: {told}. A wider range may have "
            "a better one."
        ]
    return []


def section(sweep: Sweep) -> Section | None:
    """The chart: what is compared against the strength, a line and a band a kind."""
    if sweep.done.empty or not (name := factor(sweep)):
        return None
    found = settings(sweep)
    best = chosen(sweep, found)
    lines = [drawn(line, best, sweep.objective) for line in ways(sweep, found, best)]
    figure = bands.bands(lines, name, sweep.objective)
    against = "the strength" if name in PENALTIES else name  # a cap and a bound are none
    title = f"{sweep.objective} against {against}"
    return Section("strength", title, [Figure(figure)], lead(sweep, best))


def lead(sweep: Sweep, best: Setting) -> str:
    """What lines and bands are, and what the other factors are."""
    rest = [f for f in sweep.varied if f not in (*KINDS, factor(sweep))]
    at = " ".join(f"{name}={value(best, name)}" for name in rest if value(best, name))
    where = f" At {at}, as chosen." if at else ""
    if sweep.repeated < 2:
        return f"Each setting was trained once.{where}"
    return f"Means over {sweep.over}, bands: one standard error.{where}"


def drawn(line: Way, best: Setting, objective: str) -> bands.Line:
    """A kind as a line of the chart."""
    points, errors = [], []
    for strength, one in line.at.items():
        mean, error = one.objective.mean, one.objective.error
        title = f"{one.name} {objective} {number(mean)}"
        points.append(charts.Point(strength, mean, title, link(one.runs.iloc[0]), one is best))
        errors.append(error)
    return bands.Line(line.kind or objective, points, errors)
