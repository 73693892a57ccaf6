"""The page that ends a sweep: what it says; `kreg.pages` renders it."""

import math

from kreg.pages import charts, html
from kreg.pages.formatting import number
from kreg.pages.views import Cell, Figure, Fold, Head, Section, Stat, View
from kreg.sweeps import table
from kreg.sweeps.answer import answer, settings, text
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep

ACCURACIES = ("val_clean_accuracy", "test_clean_accuracy")


def render(sweep: Sweep) -> str:
    """The page as text."""
    found = effects(sweep)
    sections = [effects_section(sweep, found), *pairs(sweep), parallel(sweep), runs(sweep)]
    return html.page(View(head(sweep, found), [s for s in sections if s is not None]))


def head(sweep: Sweep, found: list[Effect]) -> Head:
    """The answer; the best run and its numbers."""
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
    row = sweep.done.iloc[0]
    found = [Stat("Best run", table.number(row["run"]), link=link(row["run"]))]
    for name in (name for name in table.measured(sweep) if name not in ("verdict", "seconds")):
        if value := table.formatted(name, row[name], row["status"]):
            found.append(Stat(table.heading(sweep, name), value))
    return found


def link(run: str) -> str:
    """The run's page, relative to the sweep's."""
    return f"{run}/report.html"


def effects_section(sweep: Sweep, found: list[Effect]) -> Section | None:
    if not found:
        return None
    named = [(f"{e.factor}={table.named(e)}", e.difference, e.half_width) for e in found]
    chart = charts.whiskers(named, "difference to the mean of the factor's levels")
    lead = "One seed: there is no uncertainty to show."
    if sweep.seeds > 1:
        seeds = f"{sweep.seeds} seeds, pale where they hold zero"
        lead = f"Bars: 95 % confidence intervals over {seeds}."
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
    """Every run as a line through its settings to its objective."""
    done, title = sweep.done, "Every run, factor by factor"
    if len(done) < 2 or not sweep.varied:
        return None
    columns = {factor: [plain(v) for v in done[factor]] for factor in sweep.varied}
    columns[sweep.objective] = [plain(v) for v in done["objective"]]
    chart = charts.parallel(columns, points(sweep, "objective", "objective"))
    return Section("parallel", title, [Figure(chart)])


def points(sweep: Sweep, x: str, y: str) -> list[charts.Point]:
    """The finished runs as points; the first is the best."""
    found = []
    for place, (_, row) in enumerate(sweep.done.iterrows()):
        told = f"{settings(row, sweep.factors)} {sweep.objective} {number(row['objective'])}"
        at = [math.nan if row[name] is None else float(row[name]) for name in (x, y)]
        title, to = f"{row['run']} {told}", link(row["run"])
        found.append(charts.Point(at[0], at[1], title, to, best=place == 0))
    return found


def plain(value: object) -> object:
    """A number, or a name."""
    return value if isinstance(value, int | float) and value == value else text(value)


def runs(sweep: Sweep) -> Section:
    """All of them; those that have a page are links to it."""
    names: list[Cell | str] = [
        Cell(row["run"], link=link(row["run"])) if (row["path"] / "report.html").is_file()
        else Cell(row["run"])
        for _, row in table.ordered(sweep).iterrows()
    ]  # fmt: skip
    return Section("runs", "Runs", [table.runs(sweep, names, "run")])
