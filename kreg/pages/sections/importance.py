"""What each column of a table is worth to the model: permutation importance."""

from collections.abc import Sequence

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import number
from kreg.pages.views import Cell, Column, Fold, Piece, Row, Section, Table

SHOWN = 15
BAR = 120


def section(doc: Document) -> Section | None:
    found = (doc["evaluation"] or {}).get("importance")
    if not found or not found["columns"]:
        return None
    columns = found["columns"]
    reach = max((one["change"][0] or 0.0 for one in columns), default=0.0)
    body: list[Piece] = [table(columns[:SHOWN], found["measures"], reach)]
    if rest := columns[SHOWN:]:
        body.append(Fold(f"{len(rest):,} more", [table(rest, found["measures"], reach)]))
    title = "What each column is worth to the model"
    return Section("importance", title, body, lead(found), brief=True)


def lead(found: Document) -> str:
    """How it was measured, and what it does not say."""
    told = (
        f"Permutation importance: the values of one column are dealt to other rows, "
        f"{found['repeats']} times (± their deviation), on {found['rows']:,} {found['split']} rows."
    )
    shown, used, total = len(found["columns"]), found["used"], found["total"]
    if used < total:
        told += f" The model reads {used:,} of {total:,} columns; the others are worth nothing."
    if shown < used:
        told += f" Measured are the {shown:,} with the largest weights."
    return f"{told} Of two columns that say the same, each looks unimportant. It is no cause."


def table(columns: Sequence[Document], measures: Sequence[Document], reach: float) -> Table:
    """One row a column, the most important first."""
    heads = [Column("column", "phrase"), Column("", detail=True)]
    for measure in measures:
        heads += [
            Column(f"{measure['name']}, {measure['unit']}", "number"),
            Column("±", "number", spare=1),
        ]
    return Table(heads, [row(one, reach) for one in columns])


def row(one: Document, reach: float) -> Row:
    cells: list[Cell | str] = [one["name"], Cell(drawing=bar(one["change"][0], reach))]
    for change, spread in zip(one["change"], one["spread"], strict=True):
        cells += [number(change, 3, sign=True), number(spread, 2)]
    return Row(cells)


def bar(change: float | None, reach: float) -> Markup:
    """As long as its share of the largest change."""
    share = max(change or 0.0, 0.0) / reach if reach > 0 else 0.0
    parts = [
        svg.rect(0, 0, BAR, 8, "track", rx=4),
        svg.rect(0, 0, BAR * share, 8, "bar train", rx=4),
    ]
    return svg.spark(BAR, 8, parts)
