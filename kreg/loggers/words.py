"""A configuration and a report in the words that all trackers take: flat keys, tags, a note."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BAD = ("bad",)  # tones of a verdict that are worth an alert
MODELS = (".keras",)
REFUSED = re.compile(r"[^A-Za-z0-9_.-]")  # in names of artifacts, by W&B and by Trackio


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested configuration with dotted keys; lists and empty mappings as JSON.

    >>> flat({"reg": {"kind": "l1", "l1": 0.1}, "allow": []})
    {'reg.kind': 'l1', 'reg.l1': 0.1, 'allow': '[]'}
    """
    return dict(_leaves(config, prefix))


def _leaves(config: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, name)
        elif value is None or isinstance(value, bool | int | float | str):
            yield name, value
        else:
            yield name, json.dumps(value, default=str)


def finite(numbers: Mapping[str, Any]) -> dict[str, float]:
    """The entries that are finite numbers; trackers draw no others."""
    return {
        name: float(value)
        for name, value in numbers.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def tags(document: Mapping[str, Any]) -> dict[str, str]:
    """The verdict in short: `{"verdict": "OVERFITTING", "onset_epoch": "12", ...}`."""
    verdict = document["verdict"]
    found = {
        "verdict": verdict["state"],
        "onset_epoch": verdict.get("onset"),
        "best_epoch": verdict.get("best_epoch"),
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def note(document: Mapping[str, Any]) -> str:
    """The verdict's sentence and the advice, as Markdown."""
    verdict = document["verdict"]
    lines = [f"**{verdict['state']}** {verdict['headline']}", ""]
    lines += [f"- {advice['text']}" for advice in document.get("advice", [])]
    lines += [f"- {caveat}" for caveat in verdict.get("caveats", [])]
    return "\n".join(lines).strip()


def is_alarming(document: Mapping[str, Any]) -> bool:
    """Whether the verdict is one that somebody should look at."""
    return document["verdict"].get("tone") in BAD


def outcome(result: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a finished run: its metrics, and what a sweep's table shows beside them."""
    others = ("epochs", "best_epoch", "params", "sparsity", "objective")
    return finite({**result.get("metrics", {}), **{n: result.get(n) for n in others}})


def by_kind(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """The files of a run as its two artifacts, `report` and `model`; none that is empty."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        found.setdefault("model" if path.suffix in MODELS else "report", []).append(path)
    return found


def artifact_name(kind: str, run: str) -> str:
    """How the artifact of a run is called.

    >>> artifact_name("model", "reg=l1,seed=2")
    'model-reg_l1_seed_2'
    """
    return REFUSED.sub("_", f"{kind}-{run}")
