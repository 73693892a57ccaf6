"""Accuracy against confidence: is the model as often right as it says?"""

import math

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import number, percent
from kreg.pages.views import Cell, Column, Figure, Piece, Row, Section, Table

SIZE = (380, 320)
COLUMNS = (
    Column(""),
    *(Column(name, "number") for name in ("says", "is right", "ECE", "equal mass")),
)
COLOURS = {"train": "train", "validation": "val"}
FEW = 0.02  # of all examples: a bin with fewer says nothing, it gets a dot and bends no line


def section(doc: Document) -> Section | None:
    sides = doc["calibration"]
    drawn = {COLOURS[side]: rows for side in COLOURS if (rows := known(sides.get(side, {})))}
    if not drawn:
        return None
    table = Table(COLUMNS, [row(side, found) for side, found in sides.items()])
    lead = "Is it as often right as it says? On the diagonal it is."
    body: list[Piece] = [Figure(figure(drawn), width=400), table]
    return Section("calibration", "Calibration", body, lead, half=True)


def known(found: Document) -> list[Document]:
    """The bins that have a place in the figure: a model may have said NaN."""
    return [row for row in found.get("bins", ())
            if row["count"] and None not in (row["confidence"], row["accuracy"])]  # fmt: skip


def row(side: str, found: Document) -> Row:
    shares = (percent(found[key]) for key in ("confidence", "accuracy"))
    errors = (number(found[key], 3) for key in ("ece", "ece_equal_mass"))
    return Row([Cell(side, key=COLOURS[side]), *shares, *errors])


def figure(drawn: dict[str, list[Document]]) -> Markup:
    """The reliability diagram; the diagonal is a calibrated model."""
    frame = svg.Frame(*SIZE, (0, 1), (0, 1), left=44, right=14, top=22, bottom=34)
    right = frame.width - frame.right
    parts = [
        svg.axes(frame, "", "accuracy", (0, 0.25, 0.5, 0.75, 1)),
        svg.text(right, frame.floor - 8, "confidence", "t label", "end"),
        svg.line(frame.px(0), frame.py(0), frame.px(1), frame.py(1), "best"),
    ]
    for colour, rows in drawn.items():
        total = sum(row["count"] for row in rows)
        full = [row for row in rows if row["count"] >= FEW * total]
        xs, ys = ([row[key] for row in full] for key in ("confidence", "accuracy"))
        parts.append(svg.curve(frame, xs, ys, f"{colour} thin"))
        for row in rows:
            radius = 2.5 + 8 * math.sqrt(row["count"] / total)
            x, y = frame.px(row["confidence"]), frame.py(row["accuracy"])
            parts.append(svg.dot(x, y, f"{colour} bubble", radius))
    return svg.figure(*SIZE, parts, "Reliability diagram")
