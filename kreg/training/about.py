"""`about` in the report: what was trained, on what, and how the rows were prepared."""

from typing import Any

from kreg import weight_names
from kreg.data import dates
from kreg.data.preprocessing import Columns, Standard
from kreg.runs.summary import sizes
from kreg.training import tasks
from kreg.training.plan import Plan

BYTES = "Pictures enter as bytes; the model scales them itself."


def of(plan: Plan, fingerprint: str, result: dict[str, Any]) -> dict[str, Any]:
    """The section.

    Args:
        plan: The training.
        fingerprint: Of its rows.
        result: The fields of `result.json`.
    """
    data = plan.data
    task, rows = tasks.described(data, False), list(data.sizes.values())
    return {
        "line": f"{plan.model.name} on {data.name}: {task}; {sizes(rows)}",
        "model": plan.model.name,
        "parameters": weight_names.parameters(plan.model),
        "data": data.name,
        "task": task,
        "sizes": data.sizes,
        "target": list(data.reading.get("target") or []),
        "classes": data.words if data.task != "regression" else [],
        "inputs": list(data.input_shape),
        "preprocessing": prepared(plan),
        "fingerprint": fingerprint,
        "epochs": result["epochs"],
        "best_epoch": result["best_epoch"],
        "averaged_epochs": result["averaged_epochs"],
        "stopped": result["stop_sentence"] or result["stop_reason"],
        "versions": result["versions"],
        "warnings": result["warnings"],
    }


def prepared(plan: Plan) -> list[str]:
    """What happens to a row before the model reads it, in sentences."""
    data, fitted = plan.data, plan.data.preprocessing
    told = []
    if isinstance(fitted, Standard):
        told.append(f"{len(fitted.mean):,} columns: each less its mean, divided by its deviation.")
    if isinstance(fitted, Columns):
        told += of_columns(fitted)
    if data.reading.get("kind") == "pictures":
        told.append(of_pictures(data.reading))
    if data.is_image and data.train.x.dtype == "uint8":
        told.append(BYTES)
    for mean, scale in zip(data.target_mean, data.target_scale):
        told.append(
            f"The target: less {mean:.6g}, divided by {scale:.6g}; predictions are put back."
        )
    return told or ["None: the model reads the values as they are."]


def of_columns(fitted: Columns) -> list[str]:
    """A sentence on the numbers of a table, and one on its words."""
    told, gaps = [], sum(column["indicator"] for column in fitted.numeric)
    if fitted.numeric:
        told.append(
            f"{len(fitted.numeric):,} columns of numbers: gaps are filled with the median, then "
            "each less its mean, divided by its deviation"
            + (f"; {gaps:,} have a column that says where a value was missing." if gaps else ".")
        )
    told += of_dates(fitted)
    if fitted.categorical:
        levels = sum(len(column["levels"]) for column in fitted.categorical)
        rare = sum(column["other"] for column in fitted.categorical)
        told.append(
            f"{len(fitted.categorical):,} columns of words: a column of 0 and 1 for each of their "
            f"{levels:,} levels" + (f"; rare ones share one in {rare:,} columns." if rare else ".")
        )
    return told


def of_dates(fitted: Columns) -> list[str]:
    """A sentence on what is read of dates beside the days since 1970."""
    known = [column for column in fitted.numeric if dates.names(column)]
    if not known:
        return []
    features = sum(len(dates.names(column)) for column in known)
    return [
        f"{len(known):,} of these are dates, in days since 1970; {features:,} more columns say "
        "what repeats: the time of the year and of the day on circles, the weekday as 0 and 1."
    ]


def of_pictures(reading: dict[str, Any]) -> str:
    """How a file becomes a picture."""
    height, width = reading["size"]
    channels, how = reading["channels"], reading.get("resize", "stretch")
    return f"Picture files: {height} x {width} pixels ({how}), {channels} channels."
