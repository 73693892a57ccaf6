"""The page of a cocktail: what is in it, what each ingredient is worth, how to use it again."""

import math
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from kreg.pages import charts, html
from kreg.pages.views import Code, Column, Figure, Head, Piece, Row, Section, Sentence, Table, View
from kreg.procedures import ingredients
from kreg.sweeps.effect import half_width
from kreg.sweeps.study import Setting, Trial
from kreg.training import units

Variant: TypeAlias = dict[str, Any]  # a mixture and what was measured of it

MEASURED = {  # besides the clean validation loss
    "gap": "gap",
    "test_clean_accuracy": "test acc.",
    "test_clean_rmse": "test rmse",
}
SMALL = 1e-3
LATE = 1.1  # times the seconds that were asked for, from which on it is said
ENOUGH = 3  # starts, below which an interval says nothing


def render(result: dict[str, Any], trials: list[Trial], option: str, command: str) -> str:
    """The page as text.

    Args:
        result: What `kreg.procedures.cocktail.run` returns.
        trials: The trials of the search.
        option: The option file of the best mixture.
        command: What trains it again.
    """
    best = f"the best cocktail of {counted(result['trials'])}"
    title = f"The defaults are better than {best}" if usual_wins(result) else f"T{best[1:]}"
    searched = search(trials)
    sections = [
        mixture(result["best"], half=searched is not None),
        *([searched] if searched else []),
        ablation(result),
        Section("use", "Use it", [Sentence(f"`{command}`"), Code(option)]),
    ]
    told = [headline(result["ablation"]), beside(result), units.told(result["units"])]
    return html.page(View(Head("cocktail", title, "good", list(filter(None, told))), sections))


def counted(settings: int) -> str:
    """A number of settings in words.

    >>> counted(1), counted(30)
    ('1 setting', '30 settings')
    """
    return f"{settings} setting{'s' if settings != 1 else ''}"


def late(result: dict[str, Any]) -> str:
    """What the time did not suffice for; nothing where it did."""
    asked, took = result["asked_seconds"], result["seconds"]
    missing = ", ".join(f"`{name}`" for name in result["untrained"])
    more = "Say more `arguments.seconds`."
    told = [f"No time was left for {missing}."] if missing else []
    if took > LATE * asked:
        told.append(
            f"It took {took:.0f} seconds instead of {asked:.0f}: the best cocktail, the same "
            "without all and the defaults are trained in any case."
        )
    return " ".join([*told, more]) if told else ""


def usual_wins(result: dict[str, Any]) -> bool:
    """Whether the defaults have a smaller loss than the best mixture."""
    mixed: float = result["ablation"][0]["val_clean_loss"]
    return bool(result["defaults"]["val_clean_loss"] < mixed)


def beside(result: dict[str, Any]) -> str:
    """One sentence: whether the defaults, from the same starts, are better; they then are kept."""
    usual = result["defaults"]["val_clean_loss"]
    if usual_wins(result):
        return (
            f"The defaults are better: {figure(usual)} on the same rows, so that they are what the "
            "option file trains."
        )
    return f"The defaults have {figure(usual)} on the same rows."


def headline(rows: list[Variant]) -> str:
    """One sentence: what the mixture gains over none of it."""
    best, plain = (row["val_clean_loss"] for row in rows[:2])
    if plain <= best:
        return (
            f"No mixture was better than none: without any ingredient the clean validation loss is "
            f"{figure(plain)}, with the best cocktail {figure(best)}."
        )
    return (
        f"It takes the clean validation loss from {figure(plain)} without any of it to "
        f"{figure(best)}."
    )


def figure(number: float) -> str:
    """Four places; of what is very small two digits.

    >>> figure(0.5), figure(-0.000123), figure(0.0)
    ('0.5000', '-0.00012', '0.0000')
    """
    return f"{number:.2g}" if 0 < abs(number) < SMALL else f"{number:.4f}"


def mixture(best: Setting, half: bool) -> Section:
    columns = (Column("ingredient"), Column("in the best cocktail"))
    table = Table(columns, [Row(row) for row in settings(best)])
    return Section("cocktail", "What is in it", [table], half=half)


def settings(best: Setting) -> list[tuple[str, str]]:
    """Every ingredient with its setting, the learning rate first."""
    found, active = [("learning rate", f"{best['learning_rate']:.2g}")], ingredients.active(best)
    for name in (name for name in ingredients.WITHOUT if name in best):
        details = [str(best[name])] if best[name] is not True else ["yes"]
        numbers = [key for key in best if key.startswith(f"{name}.")]
        details += [f"{key.split('.')[1]} {best[key]:.2g}" for key in numbers]
        found.append((name.replace("_", " "), ", ".join(details) if name in active else "no"))
    return found


def ablation(result: dict[str, Any]) -> Section:
    """The mixture without each of its ingredients."""
    rows = result["ablation"]
    starts = len(rows[0]["losses"])
    bars = "Too few starts for an interval: ask for more with `arguments.seeds=5`."
    if starts >= ENOUGH:
        bars = "Bars: 95 % confidence intervals over the starts."
    lead = (
        f"Each line is the best cocktail without one ingredient, trained from {starts} "
        f"start{'s' if starts != 1 else ''}: right of zero it is missed, left of zero the cocktail "
        f"is better off without it. {bars} {late(result)}"
    ).rstrip()
    body: list[Piece] = [*chart(rows), table(rows)]
    return Section("ablation", "What each ingredient is worth", body, lead)


def table(rows: list[Variant]) -> Table:
    """Each variant's measures, and what it changes."""
    names = [name for name in MEASURED if name in rows[0]["metrics"]]
    titles = ("val_clean_loss", "change", *(MEASURED[name] for name in names))
    cells = []
    for row in rows:
        loss, metrics = row["val_clean_loss"], row["metrics"]
        numbers = (loss, loss - rows[0]["val_clean_loss"], *(metrics[name] for name in names))
        cells.append(Row([row["name"], *map(figure, numbers)]))
    return Table([Column(""), *(Column(title, "number") for title in titles)], cells)


def chart(rows: list[Variant]) -> list[Figure]:
    """The loss without each ingredient, relative to that of the whole mixture."""
    whole, others = np.array(rows[0]["losses"]), rows[1:]
    named = []
    for row in others:
        change = pd.Series(np.array(row["losses"]) - whole)
        width = half_width(change) if len(change) >= ENOUGH else math.nan
        named.append((row["name"], float(change.mean()), width))
    return [Figure(charts.whiskers(named, "change of val_clean_loss"))] if named else []


def search(trials: list[Trial]) -> Section | None:
    """Every setting's loss in the order of the search."""
    good = [trial for trial in trials if trial.good]
    if len(good) < 2:
        return None
    best = min(good, key=lambda trial: (trial.pruned, trial.value))
    points = [charts.Point(t.number + 1.0, t.value, told(t), "#", t is best) for t in good]
    drawn = Figure(charts.scatter(points, "setting", "val_clean_loss"))
    return Section("search", "The search", [drawn], course(trials), half=True)


def told(trial: Trial) -> str:
    """What a point of the search says when one points at it."""
    short = f", cut short after {len(trial.curve)} epochs" if trial.pruned else ""
    return f"setting {trial.number + 1}: {trial.value:.4g}{short}"


def course(trials: list[Trial]) -> str:
    """One sentence: how many trainings ran to their end."""
    pruned = sum(trial.pruned for trial in trials)
    if not pruned:
        return "Each point is a setting."
    return (
        f"Each point is a setting. {pruned} of {len(trials)} were cut short because half of the "
        "others had a smaller loss by then; their points are their smallest loss so far."
    )
