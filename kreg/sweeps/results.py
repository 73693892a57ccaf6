"""What a job has left behind, read without pandas: the command line asks before every sweep."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from kreg.config.root import AUTO
from kreg.foreign import content, json_text
from kreg.foreign.content import DamagedError
from kreg.runs.schema import Configuration, Result

RESULT, CONFIG = "result.json", "config.json"
PAGE, PLAN = "sweep.html", "sweep.json"
STACKS = "stacks.json"  # of a cocktail: which of its settings were trained together
RESULTS = "kreg-results"  # the `<meta>` of a page with the fingerprint of what it shows
SHOWN = re.compile(rf'<meta name="{RESULTS}" content="([0-9a-f]+)">')
MOST = 2**28  # bytes of a page
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


def fingerprint(directory: Path) -> str:
    """A few hex digits of all results of a sweep, by which its page says which ones it shows."""
    found = [(path.parent.name, read_json(path)) for path in directory.glob(f"*/{RESULT}")]
    text = json.dumps(sorted(found, key=lambda one: one[0]), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shown(page: Path) -> str | None:
    """The `fingerprint` that a sweep's page was made from.

    Returns:
        Nothing where an earlier version has written it, which noted none; `None` without a page.
    """
    try:
        found = SHOWN.search(content.text(page, MOST, follow=False, errors="replace"))
    except (OSError, DamagedError):
        return None
    return found[1] if found else ""


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
