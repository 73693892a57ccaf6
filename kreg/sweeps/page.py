"""The page that ends a sweep: one HTML file in the style of the report, nothing fetched."""

import math
from pathlib import Path

import jinja2
from markupsafe import Markup

from kreg.diagnostics.page import skeleton
from kreg.sweeps import charts, table
from kreg.sweeps.answer import answer, settings, text
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep

ACCURACIES = ("val_clean_accuracy", "test_clean_accuracy")
HERE = Path(__file__).parent


def render(sweep: Sweep) -> str:
    """The page as text."""
    done, found = sweep.done, effects(sweep)
    title = f"{len(done)} of {len(sweep.runs)} runs done"
    names = table.measured(sweep)
    body = template(HERE, "sweep.html.j2").render(
        path=str(sweep.path),
        title=title,
        tone="good" if len(done) == len(sweep.runs) else "watch",
        seeds=sweep.seeds,
        answer=answer(sweep, found),
        stats=stats(sweep),
        pairs=pairs(sweep),
        parallel=parallel(sweep),
        effects=effects_chart(found),
        objective=sweep.objective,
        factors=["run", *sweep.factors],
        measured=[table.heading(sweep, name) for name in names],
        rows=rows(sweep, names),
    )
    return skeleton(title, body)


def template(folder: Path, name: str) -> jinja2.Template:
    """A fragment for `kreg.diagnostics.page.skeleton`."""
    loader = jinja2.FileSystemLoader(folder, encoding="utf-8")
    options = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True}
    return jinja2.Environment(loader=loader, lstrip_blocks=True, **options).get_template(name)


def stats(sweep: Sweep) -> list[dict]:
    """The best run and its numbers, for the head of the page."""
    if sweep.done.empty:
        return []
    row = sweep.done.iloc[0]
    found = [{"name": "Best run", "value": table.number(row["run"]), "link": link(row)}]
    for name in (name for name in table.measured(sweep) if name not in ("verdict", "seconds")):
        value = table.formatted(name, row[name], row["status"])
        if value:
            found.append({"name": table.heading(sweep, name), "value": value, "link": None})
    return found


def link(row) -> str:
    """The run's page, relative to the sweep's."""
    return f"{row['run']}/report.html"


def rows(sweep: Sweep, names: list[str]) -> list[dict]:
    """The table's rows, finished ones first by objective."""
    done = sweep.done
    ordered = [*done.iterrows(), *sweep.runs.drop(done.index).iterrows()]
    return [
        {
            "run": row["run"],
            "link": link(row) if (row["path"] / "report.html").is_file() else None,
            "factors": [text(row[factor]) for factor in sweep.factors],
            "cells": [table.formatted(name, row[name], row["status"]) for name in names],
        }
        for _, row in ordered
    ]


def pairs(sweep: Sweep) -> list[tuple[str, Markup]]:
    """Headings and charts of two measures, those for which there is data."""
    accuracy = next((name for name in ACCURACIES if name in sweep.done), None)
    wanted = [
        (f"Gap against {sweep.objective}", "objective", "gap", sweep.objective, "gap"),
        ("Exact zeros against accuracy", "sparsity", accuracy, "exact zeros", accuracy),
    ]
    return [
        (heading, Markup(charts.scatter(points(sweep, x, y), x_label, y_label)))
        for heading, x, y, x_label, y_label in wanted
        if both(sweep.done, x, y)
    ]


def parallel(sweep: Sweep) -> Markup | None:
    """Every run as a line through its settings to its objective."""
    done = sweep.done
    if len(done) < 2 or not sweep.varied:
        return None
    columns = {factor: [plain(v) for v in done[factor]] for factor in sweep.varied}
    columns[sweep.objective] = [plain(v) for v in done["objective"]]
    return Markup(charts.parallel(columns, points(sweep, "objective", "objective")))


def both(done, x: str, y: str | None) -> bool:
    """Whether both columns are there and measured at least twice."""
    return x in done and y in done and done[[x, y]].notna().all(axis=1).sum() > 1


def points(sweep: Sweep, x: str, y: str) -> list[charts.Point]:
    """The finished runs as points; the first is the best."""
    found = []
    for place, (_, row) in enumerate(sweep.done.iterrows()):
        title = (
            f"{row['run']} {settings(row, sweep.factors)} {sweep.objective} {row['objective']:.4g}"
        )
        values = [float(row[n]) if row[n] is not None else math.nan for n in (x, y)]
        found.append(charts.Point(*values, title, link(row), best=place == 0))
    return found


def plain(value):
    """A number, or a name."""
    return value if isinstance(value, int | float) and value == value else text(value)


def effects_chart(found: list[Effect]) -> Markup | None:
    if not found:
        return None
    named = [(f"{e.factor}={e.level}", e.difference, e.half_width) for e in found]
    return Markup(charts.whiskers(named, "difference to the mean of the factor's levels"))
