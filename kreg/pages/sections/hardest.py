"""The rows that the model is furthest from, as the user knows them: cells, or a picture."""

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages.element import tag
from kreg.pages.formatting import NOTHING, number
from kreg.pages.views import Cell, Column, Row, Section, Table

PNG = "data:image/png;base64,"
LEAD = (
    "The worst first. Rows that stay hard where the others are learned often have a wrong label "
    "(Pleiss et al. 2020)."
)


def section(doc: Document) -> Section | None:
    found = doc["evaluation"]
    rows = (found or {}).get("hardest")
    if not found or not rows:
        return None
    regression, pictures = found["task"] == "regression", any("picture" in row for row in rows)
    heads = [
        Column(f"row of the {found['hardest_of']}", "number"),
        Column("error" if regression and len(found["targets"]) == 1 else "loss", "number"),
        Column("truth", "word"),
        Column("told", "word"),
        *([] if regression or found["task"] == "multilabel" else [Column("truth had", "number")]),
        Column("picture" if pictures else "cells", "phrase", detail=True),
    ]
    body = [Table(heads, [shown(row, len(heads) == 6) for row in rows])]
    return Section("hardest", f"The hardest {found['split']} rows", body, LEAD)


def shown(row: Document, chances: bool) -> Row:
    wrong = chances and row["truth"] != row["told"]
    told = Cell(said(row["told"]), "bad" if wrong else "")
    chance = [number(row["chance"], 3)] if chances else []
    return Row([f"{row['row']:,}", number(row["loss"], 3), said(row["truth"]), told, *chance,
                look(row)])  # fmt: skip


def said(value: str | float | None) -> str:
    return value if isinstance(value, str) else number(value, 5)


def look(row: Document) -> Cell:
    """The picture, or the cells that matter most."""
    picture = str(row.get("picture", ""))
    if picture.startswith(PNG):  # nothing is fetched from elsewhere
        return Cell(note=row.get("file") or "", drawing=small(picture))
    cells = row.get("cells") or {}
    told = ", ".join(f"{name} {cell(value)}" for name, value in cells.items())
    more = row.get("columns", 0) - len(cells)
    return Cell(told or NOTHING, note=f"and {more:,} more columns" if more > 0 else "")


def cell(value: str | float | None) -> str:
    if value is None:
        return "missing"
    return value if isinstance(value, str) else number(value, 6)


def small(picture: str) -> Markup:
    return tag("img", class_="hard", src=picture, alt="The picture of the row")
