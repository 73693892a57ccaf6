"""The run beside a baseline: what is better, by how much, how sure."""

from kreg.diagnostics.against import sureness
from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import NOTHING, number, percent
from kreg.pages.views import Column, Piece, Row, Section, Sentence, Table

COLUMNS = (
    Column(""), Column("this run", "number"), Column("baseline", "number"),
    Column("difference", "number"), Column("standard error", "number", spare=1), Column("better"),
)  # fmt: skip


def section(doc: Document) -> Section | None:
    found = doc["against"]
    if not found:
        return None
    states = Row(["verdict", doc["verdict"]["headline"], found["headline"], "", "", ""])
    body: list[Piece] = [
        Sentence(found["sentence"]),
        Table(COLUMNS, [states, *map(row, found["numbers"])]),
        *(Sentence(note, muted=True) for note in found["notes"]),
    ]
    return Section("against", f"Beside {found['name']}", body, brief=True)


def row(one: Document) -> Row:
    share = one["difference"] / abs(one["there"]) if known(one) else None
    change = number(one["difference"], 3, sign=True)
    change += f" ({percent(share)})" if share and abs(share) < 10 else ""
    return Row([one["name"], number(one["here"]), number(one["there"]), change,
                number(one["error"], 2), better(one)])  # fmt: skip


def known(one: Document) -> bool:
    return one["difference"] is not None and bool(one["there"])


def better(one: Document) -> str:
    if one["better"] is None:
        return NOTHING
    word = "this run" if one["better"] == "here" else "baseline"
    return word if one["sure"] is None else f"{word}, {sureness(one['sure'])} sure"
