"""Trackio's store, an SQLite file for each project; its documentation has the tables."""

from collections.abc import Iterator
from typing import Any, TypedDict

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources.build import numeric
from kreg.diagnostics.sources.event_runs import Logged
from kreg.diagnostics.sources.mlflow_store import HOW, missing
from kreg.diagnostics.sources.points import OTHERS, named, record_of
from kreg.foreign import json_text
from kreg.foreign.sqlite_file import Tables

NEEDED = {"id", "run_id", "run_name", "step", "metrics"}  # of the table that is called `metrics`


class Run(TypedDict):
    """What is read of a run."""

    id: str
    name: str
    last: int


class Row(TypedDict):
    """What was logged at once: a JSON object of names and values."""

    step: int
    metrics: str


RUNS = "select run_id, run_name, max(id) from metrics group by run_id order by max(id) desc"
ROWS = "select step, cast(metrics as text) from metrics where run_id = ? order by id"


def is_project(tables: Tables) -> bool:
    """Whether an SQLite file is a project of Trackio's."""
    return tables.columns("metrics") >= NEEDED


def read(tables: Tables, wanted: str = "") -> Record:
    """The record of a run; others of the project are curves beside it.

    Args:
        tables: Of the project's file.
        wanted: The name or id of a run. Defaults to the one that was told to last.

    Raises:
        ValueError: If the project has no such run, or none with curves.
    """
    known: list[Run] = list(tables.rows(RUNS, Run))
    chosen = [run for run in known if wanted in ("", run["id"], run["name"])]
    found = with_curves(tables, chosen)
    first = next(found, None)
    if first is None:
        names = [run["name"] or run["id"] for run in known]
        raise ValueError(missing(tables, wanted, names))
    others = [] if wanted else list(zip(range(OTHERS), found))
    return record_of([first, *(run for _, run in others)], HOW.format(tables.path))


def with_curves(tables: Tables, runs: list[Run]) -> Iterator[Logged]:
    """Those of the runs that have a curve, with all their points."""
    for run in runs:
        logged = Logged(run["name"])
        for row in tables.rows(ROWS, Row, (run["id"],)):
            for name, value in values(tables, row).items():
                logged.points.setdefault(name, {})[row["step"]] = value
        if named(logged.points):
            yield logged


def values(tables: Tables, row: Row) -> dict[str, float]:
    """The numbers of a row; Trackio writes `"NaN"` and `"Infinity"` as text."""
    what = f"step {row['step']} of {tables.path}"
    found: dict[str, Any] = json_text.parse(row["metrics"], dict[str, Any], what)
    numbers = {name: numeric(value) for name, value in found.items() if not_a_word(value)}
    return {name: number for name, number in numbers.items() if number is not None}


def not_a_word(value: object) -> bool:
    """Whether a value may be a number: text is none, but for the three that JSON lacks."""
    if isinstance(value, str):
        return value in ("NaN", "Infinity", "-Infinity")
    return not isinstance(value, bool)
