"""Validation minus training: a gap is shown, never judged."""

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import number
from kreg.pages.sections.curves import extent, known
from kreg.pages.svg import Curve
from kreg.pages.views import Column, Figure, Piece, Row, Section, Table

SIZE = (530, 300)
COLUMNS = (Column(""), Column("best epoch", "number"), Column("last epoch", "number"))
# (label, style class) -> the curves whose difference it is
GAPS = {
    ("clean gap", "val"): ("val_clean_loss", "clean_loss"),
    ("logged gap", "logged"): ("val_loss", "loss"),
}


def section(doc: Document) -> Section | None:
    curves = doc["curves"]
    gaps = {style: difference(curves.get(a), curves.get(b)) for style, (a, b) in GAPS.items()}
    shown = {style: gap for style, gap in gaps.items() if known(gap)}
    if not shown:
        return None
    body: list[Piece] = [
        Figure(figure(curves["epochs"], shown)),
        Table(COLUMNS, [*losses(doc), *metrics(doc)]),
    ]
    lead = "A gap is not overfitting: it is shown, never judged."
    return Section("gap", "The gap", body, lead, half=True)


def difference(a: Curve | None, b: Curve | None) -> list[float | None]:
    pairs = zip(a or [], b or [])
    return [None if x is None or y is None else x - y for x, y in pairs]


def figure(epochs: list[int], shown: dict[tuple[str, str], list[float | None]]) -> Markup:
    """Clean in colour, logged in grey; zero is marked, the lowest two percent may be cut off."""
    everything = sorted(v for gap in shown.values() for v in known(gap))
    low = min(0.0, everything[int(0.02 * (len(everything) - 1))])
    high = max(0.0, everything[-1])
    margin = 0.08 * (high - low or 1)
    limits = (low - margin, high + margin)
    frame = svg.Frame(*SIZE, extent(epochs), limits, right=96, top=22, bottom=30)
    zero = svg.line(frame.left, frame.py(0), frame.width - frame.right, frame.py(0), "axis")
    lines = [svg.curve(frame, epochs, gap, class_) for (_, class_), gap in shown.items()]
    axes = svg.axes(frame, "epoch", "validation − training loss")
    body = [axes, zero, svg.clipped(frame, lines, "gap"), svg.end_labels(frame, shown)]
    return svg.figure(*SIZE, body, "Gap by epoch")


def losses(doc: Document) -> list[Row]:
    """The clean gap, absolute and relative."""
    entries = [doc["ledger"].get(when) for when in ("best", "last")]
    if not all(entries):
        return []
    gaps = [(entry["clean_gap"], entry["train"]["clean"] or float("nan")) for entry in entries]
    relative = [f"{number(100 * gap / loss, 3, sign=True)} %" for gap, loss in gaps]
    return [
        Row(["clean gap", *(number(gap, 3, sign=True) for gap, _ in gaps)]),
        Row(["relative to the training loss", *relative]),
    ]


def metrics(doc: Document) -> list[Row]:
    """Each metric on both sides."""
    rows = []
    for metric in doc["metrics"]:
        pairs = [(metric[when], metric.get(f"train_{when}")) for when in ("best", "last")]
        cells = [
            number(ours, 3) + ("" if train is None else f" ({number(train, 3)})")
            for ours, train in pairs
        ]
        rows.append(Row([f"{metric['name']}, validation (training)", *cells]))
    return rows
