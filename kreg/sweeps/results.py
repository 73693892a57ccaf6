"""What a job has left behind, read without pandas: the command line asks before every sweep."""

from pathlib import Path
from typing import Any, NotRequired, TypedDict

from kreg.config.root import AUTO
from kreg.foreign import json_text
from kreg.runs.schema import Configuration, Result

RESULT, CONFIG = "result.json", "config.json"
PAGE, PLAN = "sweep.html", "sweep.json"
STACKS = "stacks.json"  # of a cocktail: which of its settings were trained together
OBJECTIVE = "val_clean_loss"
REPLICATES = ("seed", "data.fold")  # what differs between trainings of one setting


class Together(TypedDict):
    """`stacks.json`, and what `sweep.json` has of `hydra/launcher=stacked`."""

    stacks: NotRequired[list[dict[str, Any]]]
    not_stacked: NotRequired[list[dict[str, Any]]]
    memory: NotRequired[str]  # what lets fewer jobs train at once


class Plan(Together):
    """`sweep.json`: the overrides of every job, or the words of a search."""

    jobs: NotRequired[list[list[str]]]
    search: NotRequired[list[str]]


KINDS: dict[str, Any] = {RESULT: Result, CONFIG: Configuration, PLAN: Plan, STACKS: Together}


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object of a job or a sweep, empty where the file is missing or damaged."""
    return json_text.read_object(path, KINDS.get(path.name, dict[str, str])) or {}


def objective_name(result: dict[str, Any], name: str) -> str:
    """What a run is compared by: `auto` by its name."""
    return str(result.get("objective_name", OBJECTIVE)) if name == AUTO else name


def objective_of(result: dict[str, Any], name: str) -> Any:
    """The value of an objective in a `result.json`, `None` where there is none.

    A procedure has one number, whatever its name.
    """
    metrics = result.get("metrics")
    numbers = {**result, **(metrics if isinstance(metrics, dict) else {})}
    return numbers.get(objective_name(result, name), result.get("objective"))
