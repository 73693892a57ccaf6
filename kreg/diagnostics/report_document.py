"""One versioned JSON document: the single source of every rendering."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kreg import __version__
from kreg.diagnostics.advice import advise
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.onset import z_curve
from kreg.diagnostics.record import Record
from kreg.diagnostics.series import judged
from kreg.diagnostics.stopping_replay import RULES, replay
from kreg.diagnostics.unchecked import unchecked
from kreg.diagnostics.verdict import Verdict

Document = dict[str, Any]  # plain JSON values, see `document`

SCHEMA = "kreg/report"
VERSION = 1
MAX_POINTS = 2000


def document(
    record: Record,
    *,
    rules: str = RULES,
    created: str | None = None,
    verdict: Verdict | None = None,
) -> Document:
    """The whole report as JSON values: verdict, curves, ledger, layers, advice, replay, provenance.

    Args:
        record: What the run has measured.
        rules: Stopping rules to replay.
        created: Time stamp (ISO 8601). Defaults to now.
        verdict: Where the record has been judged already; else it is judged here.
    """
    f = Findings(record, verdict)
    found = {
        "schema": SCHEMA,
        "version": VERSION,
        "kreg": __version__,
        "created": created or datetime.now(UTC).isoformat(timespec="seconds"),
        "name": record.name,
        "task": record.task,
        "loss": record.loss,
        "verdict": f.verdict.as_dict(),
        "metrics": f.metrics,
        "curves": curves(f),
        "ledger": f.ledger,
        "calibration": f.calibration,
        "resolution": f.resolution,
        "layers": f.layers,
        "totals": f.totals,
        "compressed": None,
        "calibrated": None,
        "low_rank": None,
        "scores": None,
        "evaluation": None,
        "about": None,
        "features": None,
        "pictures": None,
        "advice": [advice.as_dict() for advice in advise(f)],
        "replay": replay(f.phase, rules),
        "unchecked": unchecked(f),
        "against": None,
        "sizes": record.sizes,
        "baseline": record.baseline,
        "restart": record.restart,
        "inputs": record.inputs,
        "events": record.events,
        "settings": record.settings,
        "provenance": record.provenance,
    }
    return {key: jsonable(value) for key, value in found.items()}


def curves(f: Findings) -> dict[str, np.ndarray | list[int]]:
    """All curves with their epochs, at most 2000 points; extremes and ends are never dropped."""
    record, series = f.record, judged(f.record)
    keep = thinned(len(record.epochs), important(f))
    found: dict[str, np.ndarray | list[int]] = {"epochs": [record.epochs[i] for i in keep]}
    found |= {name: record.curve(name)[keep] for name in sorted(record.curves)}
    error, z = np.full((2, len(record.epochs)), np.nan)
    there = np.searchsorted(record.epochs, series.epochs)
    error[there] = series.errors
    if f.verdict.best_epoch is not None:
        best = int(np.searchsorted(series.epochs, f.verdict.best_epoch))
        z[there] = z_curve(series, best)
    found |= {"val_standard_error": error[keep], "z": z[keep]}
    return found


def important(f: Findings) -> set[int]:
    """Positions of epochs that the page marks."""
    v = f.verdict
    epochs = {v.best_epoch, v.epoch, *(v.interval or ())} | {
        e.get("epoch") for e in f.record.events
    }
    position = {epoch: i for i, epoch in enumerate(f.record.epochs)}
    return {position[epoch] for epoch in epochs if epoch in position}


def thinned(count: int, keep: set[int], limit: int = MAX_POINTS) -> list[int]:
    """At most `limit` positions of 0 ... count - 1, evenly spread, with those in `keep`.

    >>> thinned(5, set()), thinned(10, {4}, limit=4)
    ([0, 1, 2, 3, 4], [0, 4, 9])
    """
    if count <= limit:
        return list(range(count))
    # each kept position can add a point beside the even grid
    even = np.linspace(0, count - 1, max(2, limit - len(keep) - 1)).round().astype(int).tolist()
    return sorted({*even, *sorted(keep)[: limit - 2]})


def jsonable(value: Any) -> Any:
    """The value as strict JSON: arrays become lists, anything not finite becomes `None`."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return [jsonable(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value if value is None else str(value)
