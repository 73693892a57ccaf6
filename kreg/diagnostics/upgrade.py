"""Documents of older versions, brought up to date; newer ones refused with a sentence."""

import copy

from kreg.diagnostics.report_document import SCHEMA, VERSION, Document
from kreg.diagnostics.report_schema import Report
from kreg.diagnostics.states import RENAMED, STATES
from kreg.foreign.schema import conform

NOTHING: Document = {
    "kreg": None,
    "created": None,
    "name": "run",
    "task": None,
    "loss": None,
    "metrics": [],
    "curves": {"epochs": []},
    "ledger": {},
    "calibration": {},
    "resolution": None,
    "layers": [],
    "compressed": None,
    "calibrated": None,
    "low_rank": None,
    "scores": None,
    "evaluation": None,
    "about": None,
    "features": None,
    "pictures": None,
    "totals": {"params": 0, "effective": None, "unregularized": 0, "unregularized_share": 0.0},
    "advice": [],
    "replay": [],
    "unchecked": [],
    "against": None,
    "sizes": {},
    "baseline": {},
    "restart": {},
    "inputs": {},
    "events": [],
    "settings": {},
    "provenance": {},
}
VERDICT: Document = {
    "honest": True,
    "monitor": "val_clean_loss",
    "timeline": [],
    "caveats": [],
    **dict.fromkeys(
        ("epoch", "since", "best_epoch", "onset", "interval", "best_loss", "last_loss", "lost")
    ),
    **dict.fromkeys(("sure", "gap", "removed")),
}


def upgraded(document: Document) -> Document:
    """The document in the present version, with every field there.

    Raises:
        ValueError: If it is no report of kreg, damaged, or one of a newer kreg.
    """
    if not isinstance(document, dict):
        raise ValueError(f"A report is a JSON object. Received: {type(document).__name__}.")
    if document.get("schema") != SCHEMA:
        raise ValueError(
            f"This is no report of kreg: its schema is {document.get('schema')!r}, expected "
            f"{SCHEMA!r}."
        )
    version = document.get("version", VERSION)
    conform(version, int, "report.version")
    if version > VERSION:
        raise ValueError(
            f"The report has version {version}, this kreg reads up to {VERSION}. "
            "Update kreg to read it."
        )
    conform(document, Report, "report")
    conform(document.get("curves", {}).get("epochs", []), list[int], "report.curves.epochs")
    return complete(document)


def complete(document: Document) -> Document:
    """Fields that an older writer did not know, filled with nothing; words in their present form.

    >>> old = {"verdict": {"state": "NOT ENOUGH DATA", "headline": "NOT ENOUGH DATA"}}
    >>> complete(old)["verdict"]["headline"]
    'TOO EARLY'
    """
    document = renamed(document)
    found = {**copy.deepcopy(NOTHING), **document}
    found["curves"] = {"epochs": [], **found["curves"]}
    state = STATES.get(document.get("verdict", {}).get("state"), STATES["UNDECIDED"])
    named = {
        "state": state.name,
        "tone": state.tone,
        "meaning": state.meaning,
        "action": state.action,
        "headline": state.name,
    }
    found["verdict"] = {**copy.deepcopy(VERDICT), **named, **document.get("verdict", {})}
    found["version"] = VERSION
    return found


def renamed(document: Document) -> Document:
    """The document with the present words for the states: the verdict's and the timeline's."""
    verdict = dict(document.get("verdict", {}))
    for key in ("state", "headline"):
        if verdict.get(key) in RENAMED:
            word = STATES[RENAMED[verdict[key]]]
            verdict |= {key: word.name, "meaning": word.meaning, "action": word.action}
    verdict["timeline"] = [
        {**stretch, "state": RENAMED.get(stretch["state"], stretch["state"])}
        for stretch in verdict.get("timeline", [])
    ]
    return {**document, "verdict": verdict}
