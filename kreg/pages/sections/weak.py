"""Measures without a held-out set: hints and no more."""

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number
from kreg.pages.views import Column, Row, Section, Table

COLUMNS = (Column("measure"), Column("value", "number"), Column("note"))


def section(doc: Document) -> Section | None:
    found = doc["inputs"].get("weak_evidence")
    if not found:
        return None
    rows = [Row([entry["name"], number(entry["value"]), entry["note"]]) for entry in found]
    lead = (
        "Measures without a held-out set. No such measure predicts generalization reliably "
        "(Dziugaite 2020); read them as hints."
    )
    return Section("weak", "Weak evidence", [Table(COLUMNS, rows)], lead)
