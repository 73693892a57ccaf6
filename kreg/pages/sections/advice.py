"""What to change, the most promising first."""

from kreg.diagnostics.report_document import Document
from kreg.pages.views import Item, Items, Piece, Section, Sentence


def section(doc: Document) -> Section:
    entries = [Item(entry["text"], entry["code"], entry["source"]) for entry in doc["advice"]]
    nothing = Sentence("No advice: nothing in these numbers asks for a change.", muted=True)
    body: list[Piece] = [Items(entries, numbered=True) if entries else nothing]
    return Section("advice", "What to change", body, brief=True)
