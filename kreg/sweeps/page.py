"""The page that ends a sweep: one HTML file, no scripts, nothing from the network."""

import math
from pathlib import Path

import jinja2
from markupsafe import Markup

from kreg.sweeps import svg, table
from kreg.sweeps.effect import effects
from kreg.sweeps.reading import Sweep

ACCURACIES = ("val_clean_accuracy", "test_clean_accuracy")
HERE = Path(__file__).parent


def render(sweep: Sweep) -> str:
    """The page as text."""
    done, found = sweep.done, effects(sweep)
    return template(HERE, "sweep.html.j2").render(
        path=str(sweep.path),
        total=len(sweep.runs),
        done=len(done),
        seeds=sweep.seeds,
        best=summary(sweep),
        charts=charts(sweep),
        effects=effects_chart(found),
        objective=sweep.objective,
        columns=["run", *sweep.factors, *(table.heading(sweep, n) for n in table.measured(sweep))],
        rows=rows(sweep),
    )


def template(folder: Path, name: str) -> jinja2.Template:
    """A page in the style of `base.html.j2`, from the templates of a folder."""
    loader = jinja2.FileSystemLoader([folder, HERE], encoding="utf-8")
    options = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True}
    return jinja2.Environment(loader=loader, **options).get_template(name)


def summary(sweep: Sweep) -> dict | None:
    """The best run: its settings, its numbers, its page."""
    if sweep.done.empty:
        return None
    row = sweep.done.iloc[0]
    settings = " ".join(f"{f}={table.text(row[f])}" for f in sweep.factors if table.text(row[f]))
    return {"run": row["run"], "settings": settings, "link": link(row), "cells": cells(sweep, row)}


def link(row) -> str:
    """The run's page, relative to the sweep's."""
    return f"{row['run']}/report.html"


def cells(sweep: Sweep, row) -> list[str]:
    return [table.formatted(name, row[name], row["status"]) for name in table.measured(sweep)]


def rows(sweep: Sweep) -> list[dict]:
    """The table's rows, finished ones first by objective."""
    done = sweep.done
    ordered = [*done.iterrows(), *sweep.runs.drop(done.index).iterrows()]
    return [
        {
            "run": row["run"],
            "link": link(row) if (row["path"] / "report.html").is_file() else None,
            "factors": [table.text(row[factor]) for factor in sweep.factors],
            "cells": cells(sweep, row),
        }
        for _, row in ordered
    ]


def charts(sweep: Sweep) -> list[tuple[str, Markup]]:
    """Pairs of a heading and a chart, those for which there is data."""
    done, found = sweep.done, []
    if pairs(done, "objective", "gap"):
        chart = svg.scatter(points(sweep, "objective", "gap"), sweep.objective, "gap")
        found.append((f"Gap against {sweep.objective}", chart))
    accuracy = next((n for n in ACCURACIES if n in done), None)
    if accuracy and pairs(done, "sparsity", accuracy):
        chart = svg.scatter(points(sweep, "sparsity", accuracy), "exact zeros", accuracy)
        found.append(("Exact zeros against accuracy", chart))
    if len(done) > 1 and sweep.varied:
        columns = {f: [plain(v) for v in done[f]] for f in sweep.varied}
        columns[sweep.objective] = [plain(v) for v in done["objective"]]
        chart = svg.parallel(columns, points(sweep, "objective", "objective"))
        found.append(("Every run, factor by factor", chart))
    return [(heading, Markup(chart)) for heading, chart in found]


def pairs(done, x: str, y: str) -> bool:
    """Whether both columns are there and measured at least twice."""
    return x in done and y in done and done[[x, y]].notna().all(axis=1).sum() > 1


def points(sweep: Sweep, x: str, y: str) -> list[svg.Point]:
    """The finished runs as points; the first is the best."""
    found = []
    for place, (_, row) in enumerate(sweep.done.iterrows()):
        title = " ".join(f"{f}={table.text(row[f])}" for f in sweep.factors)
        title = f"{row['run']} {title} objective {row['objective']:.4g}"
        values = [float(row[n]) if row[n] is not None else math.nan for n in (x, y)]
        found.append(svg.Point(*values, title, link(row), best=place == 0))
    return found


def plain(value):
    """A number, or a name."""
    return value if isinstance(value, int | float) and value == value else table.text(value)


def effects_chart(found) -> Markup | None:
    if not found:
        return None
    named = [(f"{e.factor}={e.level}", e.difference, e.half_width) for e in found]
    chart = svg.whiskers(named, "difference to the factor's mean")
    return Markup(chart)
