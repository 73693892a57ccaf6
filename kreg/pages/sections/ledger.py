"""The bias ledger as two waterfalls: from the clean loss to the logged one, part by part."""

from itertools import accumulate

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import number
from kreg.pages.views import Beside, Figure, Piece, Section, Subtitle

WIDTH, STEP = 530, 30
NAMES = {
    "clean": "clean",
    "noise": "noise, augmentation",
    "running_mean": "running mean",
    "penalty": "penalty",
    "rest": "rest",
}
SMALL = 1e-3  # of the clean loss: a rest below it is rounding


def section(doc: Document) -> Section | None:
    entry = doc["ledger"].get("last")
    if not entry:
        return None
    reach = max(end for side in ("train", "validation") for _, _, end in bars(entry, side))
    sides: list[list[Piece]] = [
        [Subtitle(title), Figure(waterfall(bars(entry, side), side, reach))]
        for title, side in (("Training", "train"), ("Validation", "validation"))
    ]
    logged, clean = (number(entry[key], 3, sign=True) for key in ("logged_gap", "clean_gap"))
    told = f"The clean gap is {clean}."
    if entry["logged_gap"] is not None:
        told = f"The logged gap is {logged}, the clean one {clean}."
    if doc["inputs"].get("class_weight"):
        told += " In training the classes are weighed, which counts as noise here."
    title = "What the logged losses hide"
    return Section("ledger", title, [Beside(sides)], f"Epoch {entry['epoch']}. {told}")


def bars(entry: Document, side: str) -> list[tuple[str, float, float]]:
    """(key, start, end) of each bar: the parts climb from the clean loss to the logged one."""
    parts = entry[side]
    there = {key: parts[key] for key in NAMES if parts.get(key) is not None}
    if abs(there.get("rest", 0.0)) <= SMALL * abs(parts["clean"]):
        there.pop("rest", None)
    ends = list(accumulate(there.values()))
    found = list(zip(there, [0.0, *ends], ends))
    logged = parts["logged"]
    return found if logged is None else [*found, ("logged", 0.0, logged)]


def waterfall(rows: list[tuple[str, float, float]], side: str, reach: float) -> Markup:
    """Horizontal bars with a name on the left and a number on the right, `reach` at their end."""
    low, height = min(min(start, end, 0.0) for _, start, end in rows), STEP * len(rows) + 8
    limits = (low, reach or 1.0)
    frame = svg.Frame(WIDTH, height, limits, (0, 1), left=146, right=74, top=4, bottom=4)
    keys = [key for key, _, _ in rows]
    split = side != "train" or "running_mean" in keys
    parts = []
    for i, (key, start, end) in enumerate(rows):
        y, x = frame.top + i * STEP, frame.px(end)
        name = NAMES.get(key, key) if split or key != "noise" else "noise, running mean"
        parts += bar(frame, y, key, (start, end), name, "train" if side == "train" else "val")
        if i + 1 < len(rows):
            parts.append(svg.line(x, y + 6, x, y + STEP + 6, "grid"))
    return svg.figure(WIDTH, height, parts, f"Ledger of the {side} loss")


def bar(
    frame: svg.Frame, y: float, key: str, span: tuple[float, float], name: str, colour: str
) -> list[Markup]:
    """Name, bar and number; what is added has its sign."""
    x1, x2 = frame.px(min(span)), frame.px(max(span))
    style = {"clean": colour, "logged": "logged"}.get(key, "part")
    value = number(span[1] - span[0], 3, sign=key not in ("clean", "logged"))
    return [
        svg.text(frame.left - 10, y + 19, name, "t name", "end"),
        svg.rect(x1, y + 6, max(x2 - x1, 1.5), STEP - 12, f"bar {style}", rx=3),
        svg.text(x2 + 7, y + 19, value, "t strong"),
    ]
