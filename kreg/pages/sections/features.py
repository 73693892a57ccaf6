"""The columns of a table that the model reads, with their weights; those that left are a number."""

from collections.abc import Sequence
from typing import Any

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import NOTHING, number
from kreg.pages.views import Column, Fold, Piece, Row, Section, Sentence, Table

SHOWN, FOLDED = 30, 1000
HEADS = (Column("column", "phrase"), Column("weight", "number"), Column("order", "number", spare=1))


def section(doc: Document) -> Section | None:
    """Of a linear model always; of a network where it has left columns out."""
    found = doc.get("features")
    if not found or (found["count"] == found["total"] and not found["linear"]):
        return None
    title = f"{found['count']:,} of {found['total']:,} columns are used"
    rows = found["selected"]
    if not rows:
        return Section("features", title, [Sentence("The model only guesses.")], brief=True)
    body: list[Piece] = []
    if found["weight_is"]:
        body.append(Sentence(f"A weight is {found['weight_is']}.", muted=True))
    body.append(table(rows[:SHOWN], 1))
    if rows[SHOWN:]:
        body.append(Sentence(f"And {len(rows) - SHOWN:,} more; result.json has them all."))
        body.append(Fold("The others", [table(rows[SHOWN:FOLDED], SHOWN + 1)]))
    return Section("features", title, body, brief=True)


def table(rows: Sequence[Document], first: int) -> Table:
    """The largest ones first: `order` is that of their effect for one deviation."""
    return Table(
        HEADS,
        [Row([row["name"], weight(row["weight"]), str(place)])
         for place, row in enumerate(rows, first)],
    )  # fmt: skip


def weight(value: Any) -> str:
    """A number, or those of the classes that have one.

    >>> weight(0.25), weight({"a": 0.5, "b": 0.0})
    ('+0.25', 'a +0.5')
    """
    if not isinstance(value, dict):
        return number(value, sign=True)
    return ", ".join(f"{k} {number(v, 3, sign=True)}" for k, v in value.items() if v) or NOTHING
