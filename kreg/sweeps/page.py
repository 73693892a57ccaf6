"""The page that ends a sweep: what it says; `kreg.pages` renders it."""

import math

from kreg.pages import charts, html
from kreg.pages.formatting import number
from kreg.pages.views import Cell, Figure, Fold, Head, Section, Stat, View
from kreg.sweeps import features, strength, table
from kreg.sweeps.answer import answer
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep
from kreg.sweeps.results import RESULTS
from kreg.sweeps.settings import Estimate, are_repeated, chosen, link, name_of, settings, text

ACCURACIES = ("fold_clean_accuracy", "val_clean_accuracy", "test_clean_accuracy")


def render(sweep: Sweep, known: str = "") -> str:
    """The page as text.

    Args:
        sweep: What it shows.
        known: The fingerprint of its results, see `kreg.sweeps.results`. Defaults to none.
    """
    found = effects(sweep)
    parts = [part for part in sections(sweep, found) if part is not None]
    noted = {RESULTS: known} if known else {}
    return html.page(View(head(sweep, found), parts), noted=noted)


def sections(sweep: Sweep, found: list[Effect]) -> list[Section | None]:
    """What stands below the answer; `None` where there is nothing to show."""
    shown = [strength.section(sweep), per_setting(sweep), effects_section(sweep, found)]
    return [*shown, *pairs(sweep), features.section(sweep), parallel(sweep), runs(sweep)]


def head(sweep: Sweep, found: list[Effect]) -> Head:
    """The answer; the chosen setting and its numbers."""
    done = len(sweep.done)
    return Head(
        name=str(sweep.path),
        title=f"{done} of {len(sweep.runs)} runs done",
        tone="good" if done == len(sweep.runs) else "watch",
        sentences=answer(sweep, found),
        stats=stats(sweep),
    )


def stats(sweep: Sweep) -> list[Stat]:
    if sweep.done.empty:
        return []
    best = chosen(sweep, settings(sweep))
    page = link(best.runs.iloc[0]) if len(best.runs) == 1 else ""
    found = [
        Stat("Best setting" if sweep.choose == "min" else "Chosen setting",
             best.name or "the only one", link=page),
        estimate(sweep.objective, best.objective),
    ]  # fmt: skip
    if best.test is not None:
        name, score = best.test
        found.append(estimate(name.replace("_clean_", " "), score))
    for name in (name for name in table.measured(sweep) if name in table.MEANS):
        if value := table.formatted(name, best.estimate(name).mean, "done"):
            found.append(Stat(table.heading(sweep, name), value))
    return found


def estimate(name: str, value: Estimate) -> Stat:
    """A mean, and its standard error as the note."""
    note = "" if math.isnan(value.error) else f"standard error {number(value.error, 2)}"
    return Stat(name, number(value.mean), note)


def effects_section(sweep: Sweep, found: list[Effect]) -> Section | None:
    if not found:
        return None
    named = [(f"{e.factor}={table.named(e)}", e.difference, e.half_width) for e in found]
    chart = charts.whiskers(named, "difference to the mean of the factor's levels")
    lead = "Each setting was trained once: there is no uncertainty to show."
    if sweep.repeated > 1:
        over = f"{sweep.over}, pale where they hold zero"
        lead = f"Bars: 95 % confidence intervals over {over}."
    numbers = Fold("Numbers", [table.effects_table(found)])
    title = f"Effect of each factor on {sweep.objective}"
    return Section("effects", title, [Figure(chart), numbers], lead)


def pairs(sweep: Sweep) -> list[Section]:
    """Charts of two measures, those for which there is data."""
    accuracy = next((name for name in ACCURACIES if name in sweep.done), "")
    wanted = [
        (f"Gap against {sweep.objective}", "objective", "gap", sweep.objective, "gap"),
        ("Exact zeros against accuracy", "sparsity", accuracy, "exact zeros", accuracy),
    ]
    return [
        Section(y, title, [Figure(charts.scatter(points(sweep, x, y), x_label, y_label))],
                half=True)
        for title, x, y, x_label, y_label in wanted
        if both(sweep, x, y)
    ]  # fmt: skip


def both(sweep: Sweep, x: str, y: str) -> bool:
    """Whether both columns are there and measured at least twice."""
    done = sweep.done
    return x in done and y in done and done[[x, y]].notna().all(axis=1).sum() > 1


def parallel(sweep: Sweep) -> Section | None:
    """Every setting as a line to its mean objective; the chosen one stands out."""
    found, title = settings(sweep), "Every setting, factor by factor"
    if len(found) < 2 or not sweep.varied:
        return None
    best = chosen(sweep, found)
    columns = {f: [plain(s.runs.iloc[0][f]) for s in found] for f in sweep.varied}
    columns[sweep.objective] = [s.objective.mean for s in found]
    lines = [
        charts.Point(
            s.objective.mean,
            s.objective.mean,
            f"{s.name} {sweep.objective} {table.estimated(s.objective)}",
            link(s.runs.iloc[0]),
            best=s is best,
        )
        for s in found
    ]
    return Section("parallel", title, [Figure(charts.parallel(columns, lines))])


def per_setting(sweep: Sweep) -> Section | None:
    """The settings as a table, where each is more than one run."""
    if not are_repeated(settings(sweep)):
        return None
    lead = f"Means over {sweep.over} +- standard error; the differences are paired."
    return Section("settings", "Settings", [table.of_settings(sweep)], lead)


def points(sweep: Sweep, x: str, y: str) -> list[charts.Point]:
    """The finished runs as points; those of the chosen setting stand out."""
    if sweep.done.empty:
        return []
    found, best = [], chosen(sweep, settings(sweep)).runs.index
    for place, row in sweep.done.iterrows():
        told = f"{name_of(row, sweep.factors)} {sweep.objective} {number(row['objective'])}"
        at = [math.nan if row[name] is None else float(row[name]) for name in (x, y)]
        title, to = f"{row['run']} {told}", link(row)
        found.append(charts.Point(at[0], at[1], title, to, best=place in best))
    return found


def plain(value: object) -> object:
    """A number, or a name."""
    return value if isinstance(value, int | float) and value == value else text(value)


def runs(sweep: Sweep) -> Section:
    """All of them; those that have a page are links to it."""
    names: list[Cell | str] = [
        Cell(row["run"], link=link(row))
        if "path" in row and (row["path"] / "report.html").is_file()
        else Cell(row["run"])
        for _, row in table.ordered(sweep).iterrows()
    ]  # fmt: skip
    return Section("runs", "Runs", [table.runs(sweep, names, "run")])
