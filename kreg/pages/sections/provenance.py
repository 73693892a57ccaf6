"""Where the run comes from: versions, machine, command, settings."""

import json

from kreg.diagnostics.report_document import Document
from kreg.pages.views import Code, Facts, Fold, Piece, Section


def section(doc: Document) -> Section:
    facts = [
        (name, str(value))
        for name, value in doc["provenance"].items()
        if value is not None and not isinstance(value, dict)
    ]
    body: list[Piece] = [Facts(facts)]
    if doc["settings"]:
        text = json.dumps(doc["settings"], indent=2, ensure_ascii=False)
        body.append(Fold("Settings", [Code(text)]))
    return Section("provenance", "Provenance", body, half=True)
