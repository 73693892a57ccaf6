"""A finished run of an earlier version, its errors in the target's own units."""

import math
from pathlib import Path
from typing import Any

from kreg.files import AnyPath
from kreg.foreign import json_text
from kreg.runs.schema import DataFacts

DATA = "data.json"
ERROR = "rmse"  # the one error that those versions measured


def in_own_units(result: dict[str, Any], folder: AnyPath) -> dict[str, Any]:
    """A `result.json` as this version would have written it.

    One that says no units has its errors in those of the scaled target; the run's `data.json` has
    the scale. With several targets of several scales they cannot be told, and become NaN.

    Args:
        result: The fields of `result.json`.
        folder: The run's directory.
    """
    metrics = result.get("metrics", {})
    scale = [] if "units" in result or not metrics else target_scale(Path(folder))
    if not scale:
        return result
    factor = scale[0] if len(set(scale)) == 1 else math.nan
    found = {**result, "metrics": scaled(metrics, factor)}
    if smaller := result.get("compressed"):
        found["compressed"] = {**smaller, "metrics": scaled(smaller["metrics"], factor)}
    return found


def scaled(metrics: dict[str, float | None], factor: float) -> dict[str, float | None]:
    return {
        name: n * factor if name.endswith(ERROR) and n is not None else n
        for name, n in metrics.items()
    }


def target_scale(folder: Path) -> list[float]:
    """What the targets of a run were divided by; empty where they were not."""
    found = json_text.read_object(folder / DATA, DataFacts)
    return list(found["target"]["scale"]) if found else []
