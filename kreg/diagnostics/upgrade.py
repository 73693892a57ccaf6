"""Documents of older versions, brought up to date; newer ones refused with a sentence."""

import copy

from kreg.diagnostics.document import SCHEMA, VERSION
from kreg.diagnostics.states import STATES

NOTHING = {
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
    "totals": {"params": 0, "effective": None, "unregularized": 0, "unregularized_share": 0.0},
    "advice": [],
    "replay": [],
    "sizes": {},
    "inputs": {},
    "events": [],
    "settings": {},
    "provenance": {},
}
VERDICT = {
    "honest": True,
    "monitor": "val_clean_loss",
    "timeline": [],
    "caveats": [],
    **dict.fromkeys(
        ("epoch", "since", "best_epoch", "onset", "interval", "best_loss", "last_loss", "lost")
    ),
    **dict.fromkeys(("sure", "gap")),
}


def upgraded(document: dict) -> dict:
    """The document in the present version, with every field there.

    Raises:
        ValueError: If it is no report of kreg, or one of a newer kreg.
    """
    if not isinstance(document, dict):
        raise ValueError(f"A report is a JSON object. Received: {type(document).__name__}.")
    if "schema" not in document and {"state", "headline", "curve"} <= document.keys():
        document = from_prototype(document)
    if document.get("schema") != SCHEMA:
        raise ValueError(
            f"This is no report of kreg: its schema is {document.get('schema')!r}, expected "
            f"{SCHEMA!r}."
        )
    if document.get("version", 0) > VERSION:
        raise ValueError(
            f"The report has version {document['version']}, this kreg reads up to {VERSION}. "
            "Update kreg to read it."
        )
    return complete(document)


def complete(document: dict) -> dict:
    """Fields that an older writer did not know, filled with nothing."""
    found = {**copy.deepcopy(NOTHING), **document}
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


def from_prototype(old: dict) -> dict:
    """Version 0: one flat object with `state`, `headline`, `onset` and `curve`."""
    names = {"epoch": "epochs", "train_clean": "clean_loss", "train_logged": "loss",
             "val": "val_clean_loss"}  # fmt: skip
    curves = {names.get(name, name): list(values) for name, values in old["curve"].items()}
    onset = old.get("onset")
    layers = [
        {**row, "norm": row.get("wnorm"), "distance": row.get("dist"), "unregularized": False}
        for row in old.get("layers", [])
    ]
    total = sum(row.get("params") or 0 for row in layers) or 1
    for row in layers:
        row["share"] = (row.get("params") or 0) / total
    return {
        "schema": SCHEMA,
        "version": 0,
        "curves": curves,
        "layers": layers,
        "totals": {"params": total, "unregularized": 0, "unregularized_share": 0.0},
        "verdict": {"state": old["state"], "headline": old["headline"], "onset": onset,
                    "best_epoch": onset, "epoch": (curves.get("epochs") or [None])[-1]},
        "advice": [{"id": "old", "text": text, "source": "", "weight": 0.5, "code": ""}
                   for text in old.get("advice", [])],
    }  # fmt: skip
