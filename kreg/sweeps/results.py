"""What a job has left behind, read without pandas: the command line asks before every sweep."""

import json
from pathlib import Path
from typing import Any

from kreg.config.root import AUTO

RESULT, CONFIG = "result.json", "config.json"
PAGE = "sweep.html"
OBJECTIVE = "val_clean_loss"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object, empty where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def objective_name(result: dict[str, Any], name: str) -> str:
    """What a run is compared by: `auto` by its name."""
    return str(result.get("objective_name", OBJECTIVE)) if name == AUTO else name


def objective_of(result: dict[str, Any], name: str) -> Any:
    """The value of an objective in a `result.json`, `None` where there is none.

    A procedure has one number, whatever its name.
    """
    numbers = {**result, **result.get("metrics", {})}
    return numbers.get(objective_name(result, name), result.get("objective"))
