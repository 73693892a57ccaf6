"""What a job has left behind, read without pandas: the command line asks before every sweep."""

import json
from pathlib import Path
from typing import Any

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


def objective_of(result: dict[str, Any], name: str) -> Any:
    """The value of an objective in a `result.json`, `None` where there is none."""
    numbers = {**result, **result.get("metrics", {})}
    return result.get("objective", numbers.get(name))
