"""What a job has left behind, read without pandas: the command line asks before every sweep."""

import json
from pathlib import Path

RESULT, CONFIG = "result.json", "config.json"
PAGE = "sweep.html"
OBJECTIVE = "val_clean_loss"


def read_json(path: Path) -> dict:
    """A JSON object, empty where the file is missing or damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def objective_of(result: dict, name: str):
    """The value of an objective in a `result.json`, `None` where there is none."""
    numbers = {**result, **result.get("metrics", {})}
    return result.get("objective", numbers.get(name))
