"""MLflow's store, an SQLite file: the run that was told to last, or the one that is named."""

import math
from collections.abc import Iterator
from typing import TypedDict

from kreg.diagnostics.record import Record
from kreg.diagnostics.record_schema import bounded
from kreg.diagnostics.sources.event_runs import Logged
from kreg.diagnostics.sources.points import OTHERS, named, record_of
from kreg.foreign.sqlite_file import Tables

FILES = ("mlflow.db", "mlruns.db")  # as kreg and MLflow call them
NEEDED = {
    "runs": {"run_uuid", "name", "experiment_id", "lifecycle_stage"},
    "metrics": {"run_uuid", "key", "value", "step", "is_nan"},
    "latest_metrics": {"run_uuid", "timestamp"},
}
HOW = "To have another one judged, name it behind the file: {}/RUN."


class Run(TypedDict):
    """What is read of a run."""

    id: str
    name: str | None
    experiment: int
    last: int


class Metric(TypedDict):
    """One point of a curve."""

    key: str
    step: int
    value: float
    is_nan: int


RUNS = """select run_uuid, name, experiment_id, max(timestamp) from runs
join latest_metrics using (run_uuid) where lifecycle_stage = 'active'
group by run_uuid order by max(timestamp) desc, run_uuid"""
METRICS = "select key, step, value, is_nan from metrics where run_uuid = ? order by timestamp"


def read(tables: Tables, wanted: str = "") -> Record:
    """The record of a run; others of its experiment are curves beside it.

    Args:
        tables: Of the file.
        wanted: The name or id of a run. Defaults to the one that was told to last.

    Raises:
        ValueError: If the file is none of MLflow's, or has no such run.
    """
    refuse_others(tables)
    known: list[Run] = list(tables.rows(RUNS, Run))
    chosen = [run for run in known if wanted in ("", run["id"], run["name"])]
    found = next(with_curves(tables, chosen), None)
    if found is None:
        raise ValueError(missing(tables, wanted, [run["name"] or run["id"] for run in known]))
    run, logged = found
    beside = [r for r in known if r["experiment"] == run["experiment"] and r != run]
    others = [] if wanted else [logged for _, logged in with_curves(tables, beside[:OTHERS])]
    return record_of([logged, *others], HOW.format(tables.path))


def refuse_others(tables: Tables) -> None:
    for table, columns in NEEDED.items():
        lacking = columns - tables.columns(table)
        if lacking:
            raise ValueError(
                f"{tables.path} is no store of MLflow's: its table {table} has no "
                f"{', '.join(sorted(lacking))}. Of SQLite files its and Trackio's are read."
            )


def with_curves(tables: Tables, runs: list[Run]) -> Iterator[tuple[Run, Logged]]:
    """Those of the runs that have a curve, with all their points."""
    for run in runs:
        logged = Logged(run["name"] or run["id"], ended=run["last"] / 1000)
        for row in tables.rows(METRICS, Metric, (run["id"],)):
            value = math.nan if row["is_nan"] else bounded(row["value"])
            logged.points.setdefault(row["key"], {})[row["step"]] = value
        if named(logged.points):
            yield run, logged


def missing(tables: Tables, wanted: str, known: list[str]) -> str:
    """The sentence that a store has no such run.

    Args:
        tables: Of the store.
        wanted: The run that was asked for; empty for any.
        known: The names of its runs, the last one first.
    """
    names = ", ".join(known[:8]) or "none"
    if wanted:
        return f"{tables.path} has no run {wanted!r} with curves. Its last ones are: {names}."
    return f"{tables.path} has no run with curves yet. Its runs with numbers are: {names}."
