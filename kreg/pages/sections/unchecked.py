"""Which checks did not run, and why."""

from kreg.diagnostics.report_document import Document
from kreg.pages.views import Column, Row, Section, Table

COLUMNS = (Column("check", "phrase"), Column("why it did not run"))


def section(doc: Document) -> Section | None:
    if not doc["unchecked"]:
        return None
    rows = [Row([one["check"], one["reason"]]) for one in doc["unchecked"]]
    lead = "The page says nothing of these: neither that they are well, nor that they are not."
    return Section("unchecked", "What was not checked", [Table(COLUMNS, rows)], lead)
