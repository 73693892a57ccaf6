"""The page of a cocktail: what is in it, what each ingredient is worth, how to use it again."""

import math
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from kreg.diagnostics.page import skeleton
from kreg.procedures import ingredients
from kreg.sweeps import charts
from kreg.sweeps.effect import half_width
from kreg.sweeps.page import template

MEASURED = {
    "val_clean_loss": "val_clean_loss",
    "gap": "gap",
    "test_clean_accuracy": "test acc.",
    "test_clean_rmse": "test rmse",
}
SMALL = 1e-3
ENOUGH = 3  # starts, below which an interval says nothing


def render(result: dict, trials: list, option: str, command: str) -> str:
    """The page as text.

    Args:
        result: What `kreg.procedures.cocktail.run` returns.
        trials: The trials of the search.
        option: The option file of the best mixture.
        command: What trains it again.
    """
    rows = result["ablation"]
    columns = [name for name in MEASURED if name in rows[0]["metrics"]]
    title = f"The best cocktail of {result['trials']} settings"
    body = template(Path(__file__).parent, "cocktail.html.j2").render(
        title=title,
        headline=headline(rows),
        settings=settings(result["best"]),
        starts=len(rows[0]["losses"]),
        columns=[MEASURED[name] for name in columns],
        ablation=[(r["name"], [figure(r["metrics"][n]) for n in columns]) for r in rows],
        ablation_chart=ablation_chart(rows),
        search_chart=search_chart(trials),
        course=course(trials),
        command=command,
        option=option,
    )
    return skeleton(title, body)


def headline(rows: list[dict]) -> str:
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


def settings(best: dict) -> list[tuple[str, str]]:
    """Every ingredient with its setting, the learning rate first."""
    found, active = [("learning rate", f"{best['learning_rate']:.2g}")], ingredients.active(best)
    for name in (name for name in ingredients.WITHOUT if name in best):
        details = [str(best[name])] if best[name] is not True else ["yes"]
        numbers = [key for key in best if key.startswith(f"{name}.")]
        details += [f"{key.split('.')[1]} {best[key]:.2g}" for key in numbers]
        found.append((name.replace("_", " "), ", ".join(details) if name in active else "no"))
    return found


def ablation_chart(rows: list[dict]) -> Markup | None:
    """The loss without each ingredient, relative to that of the whole mixture."""
    whole, others = pd.Series(rows[0]["losses"]), rows[1:]
    if not others:
        return None
    named = []
    for row in others:
        change = pd.Series(row["losses"]) - whole
        width = half_width(change) if len(change) >= ENOUGH else math.nan
        named.append((row["name"], float(change.mean()), width))
    return Markup(charts.whiskers(named, "change of val_clean_loss"))


def search_chart(trials: list) -> Markup | None:
    """Every setting's loss in the order of the search."""
    good = [trial for trial in trials if trial.good]
    if len(good) < 2:
        return None
    best = min(good, key=lambda trial: (trial.pruned, trial.value))
    points = [charts.Point(t.number + 1.0, t.value, told(t), "#", t is best) for t in good]
    return Markup(charts.scatter(points, "setting", "val_clean_loss"))


def told(trial) -> str:
    """What a point of the search says when one points at it."""
    short = f", cut short after {len(trial.curve)} epochs" if trial.pruned else ""
    return f"setting {trial.number + 1}: {trial.value:.4g}{short}"


def course(trials: list) -> str:
    """One sentence: how many trainings ran to their end."""
    pruned = sum(trial.pruned for trial in trials)
    if not pruned:
        return "Each point is a setting."
    return (
        f"Each point is a setting. {pruned} of {len(trials)} were cut short because half of the "
        "others had a smaller loss by then; their points are their smallest loss so far."
    )
