"""What a sweep has found out, in sentences: the best setting, and what each factor is worth."""

import math

import pandas as pd

from kreg.metric_names import direction
from kreg.pages.formatting import number
from kreg.sweeps import trained
from kreg.sweeps.effect import Effect
from kreg.sweeps.reading import Sweep

ONE_SEED = "One seed: no uncertainty is known. Add seed=0,1,2 to the sweep."


def answer(sweep: Sweep, found: list[Effect]) -> list[str]:
    """One sentence for the best setting, then one for each factor.

    Args:
        sweep: The runs.
        found: What `effects` made of them.
    """
    if sweep.done.empty:
        return ["No run has finished yet."]
    sentences = [best_setting(sweep)]
    sentences += [worth(sweep, [e for e in found if e.factor == f]) for f in factors(found)]
    sentences += trained.sentences(sweep)
    return sentences + ([ONE_SEED] if found and sweep.seeds < 2 else [])


def best_setting(sweep: Sweep) -> str:
    """What is best on average over the seeds, of the settings that have most of them."""
    done = sweep.done
    keys = [settings(row, sweep.varied) for _, row in done.iterrows()]
    found = done["objective"].astype(float).groupby(keys, sort=False).agg(["mean", "count"])
    found = found[found["count"] == found["count"].max()]
    largest = direction(sweep.objective) == "max"
    name = found["mean"].idxmax() if largest else found["mean"].idxmin()
    mean, count = found.loc[name, "mean"], int(found.loc[name, "count"])
    over = f" on average over {count} seeds" if count > 1 else ""
    return f"The best setting is {name or 'the only one'}: {sweep.objective} {number(mean)}{over}."


def settings(row: pd.Series, factors: list[str]) -> str:
    """A run's factors as they would be typed."""
    return " ".join(f"{factor}={text(row[factor])}" for factor in factors if text(row[factor]))


def text(value: object) -> str:
    """A factor's value; empty where the run has none of its own."""
    return "" if value is None or value != value else f"{value}"


def factors(found: list[Effect]) -> list[str]:
    return list(dict.fromkeys(effect.factor for effect in found))


def worth(sweep: Sweep, levels: list[Effect]) -> str:
    """Which level of one factor stands out, and whether that may be chance."""
    sign = -1 if direction(sweep.objective) == "max" else 1
    best, *_, worst = sorted(levels, key=lambda effect: sign * effect.difference)
    if any(effect.rests for effect in levels):
        return resting(best.factor, levels)
    if math.isnan(best.half_width):
        return f"{compared(best, 'better')}; how sure that is, is unknown."
    for effect, word in ((best, "better"), (worst, "worse")):
        if effect.sure:
            return f"{compared(effect, word)}, over {sweep.seeds} seeds."
    return f"{best.factor} makes no difference that {sweep.seeds} seeds can show."


def resting(factor: str, levels: list[Effect]) -> str:
    """Why no effect is told: it would be one of the budget."""
    cut = [f"{e.level} ({e.unfinished} of {e.runs} runs)" for e in levels if e.unfinished]
    return (
        f"{factor}: no effect can be told, because runs are under-trained: {factor}="
        f"{', '.join(cut)}."
    )


def compared(effect: Effect, word: str) -> str:
    """One level beside the mean of all, with the interval where it is known."""
    sure = "" if math.isnan(effect.half_width) else f" (+- {number(effect.half_width, 2)})"
    gain = f"{number(abs(effect.difference), 2)}{sure}"
    return f"{effect.factor}={effect.level} is {gain} {word} than the mean of its levels"
