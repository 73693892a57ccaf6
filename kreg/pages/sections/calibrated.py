"""What `calibrate=true` has changed: the reliability of the model that was kept."""

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number, percent
from kreg.pages.sections.calibration import figure, known
from kreg.pages.views import Column, Figure, Piece, Row, Section, Sentence, Table

COLUMNS = (
    Column(""),
    *(Column(name, "number") for name in ("loss", "says", "is right", "ECE")),
)
STYLES = {"before": "logged", "after": "val"}
NAMES = {"before": "as trained", "after": "calibrated"}
SIDES = ("test", "validation")  # the diagram is of the first one that is there


def section(doc: Document) -> Section | None:
    found = doc.get("calibrated")
    if not found:
        return None
    sides = [side for side in SIDES if side in found]
    told = (
        f"The scores of best.keras are divided by a temperature of {number(found['temperature'])}, "
        f"fitted to {found['rows']:,} validation rows; no class changes."
    )
    table = Table(COLUMNS, [row(found, s, when) for s in sides for when in NAMES])
    drawn = {STYLES[when]: rows for when in NAMES if (rows := known(found[sides[0]].get(when, {})))}
    lead = f"Grey: the {sides[0]} rows before; in colour: after." if drawn else ""
    figures: list[Piece] = [Figure(figure(drawn), width=400)] if drawn else []
    body = [*figures, table, Sentence(told, muted=True)]
    return Section("calibrated", "Calibrated", body, lead, brief=True, half=True)


def row(found: Document, side: str, when: str) -> Row:
    one = found[side][when]
    shares = (percent(one.get(key)) for key in ("confidence", "accuracy"))
    return Row([f"{side}, {NAMES[when]}", number(one["loss"]), *shares, number(one.get("ece"), 3)])
