"""The drawings of an evaluation: confusion matrix, ROC curve, calibration, residuals."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.charts import limits
from kreg.pages.element import tag
from kreg.pages.formatting import number

SQUARE, WIDE = (380, 330), (520, 320)
CELL, LETTER, LONGEST = 46, 7, 18  # pixels of a cell and of a letter, letters of a name
DARKEST = 0.6
CORNER = "is ↓  told to be →"
SHARES = (0, 0.25, 0.5, 0.75, 1)


def confusion(table: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[Markup, int]:
    """One row a class, one column for what its rows are told to be; and how wide it is."""
    shown = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    room = LETTER * max(len(CORNER), *map(len, shown)) + 16
    top, size = 16 + LETTER * max(map(len, shown)), len(names)
    parts = [svg.text(room - 10, top - 8, CORNER, "t label", "end")]
    for i, (name, counts) in enumerate(zip(shown, table, strict=True)):
        middle = CELL * (i + 0.5) + 4
        parts.append(svg.text(room - 10, top + middle, name, "t strong", "end"))
        turned = f"rotate(-90 {room + middle:.0f} {top - 8})"
        parts.append(tag("text", name, x=room + middle, y=top - 8, class_="t strong",
                         transform=turned))  # fmt: skip
        parts += [cell(room + CELL * j, top + CELL * i, n, counts, (i, j), shown)
                  for j, n in enumerate(counts)]  # fmt: skip
    width = room + CELL * size + 8
    return svg.figure(width, top + CELL * size + 8, parts, "Confusion matrix"), width


def cell(
    x: float, y: float, rows: int, of: Sequence[int], place: tuple[int, int], names: Sequence[str]
) -> Markup:
    """The darker, the larger its share of its row."""
    truth, told = place
    style = "heat" if truth == told else "heat wrong"
    title = tag("title", f"{rows:,} rows of {names[truth]} are told to be {names[told]}")
    box = tag("rect", title, x=x + 1, y=y + 1, width=CELL - 2, height=CELL - 2, rx=4, class_=style,
              fill_opacity=0.03 + DARKEST * rows / (sum(of) or 1))  # fmt: skip
    middle = (x + CELL / 2, y + CELL / 2 + 4)
    return box + svg.text(*middle, f"{rows:,}" if rows else "", "t strong", "middle")


def square(x_label: str, y_label: str) -> tuple[svg.Frame, list[Markup]]:
    """A frame from 0 to 1 both ways, with its diagonal."""
    frame = svg.Frame(*SQUARE, (0, 1), (0, 1), left=44, right=14, top=22, bottom=44)
    edges = (frame.px(0), frame.py(0), frame.px(1), frame.py(1))
    at = (frame.width - frame.right, frame.height - 8)
    return frame, [
        svg.axes(frame, "", y_label, SHARES),
        svg.text(*at, x_label, "t label", "end"),
        svg.line(*edges, "best"),
    ]


def roc(found: Document) -> Markup:
    """The curve, and the point of the threshold that is used."""
    frame, parts = square("share of the others that are told so", "share found")
    alarms, hits = found["false_positive_rate"], found["true_positive_rate"]
    parts.append(svg.curve(frame, alarms, hits, "train"))
    x, y = frame.px(found["at"][0]), frame.py(found["at"][1])
    told = f"threshold {number(found['threshold'])}"
    parts += [svg.dot(x, y, "val point", 5), svg.text(x + 10, y + 16, told, "t name val")]
    return svg.figure(*SQUARE, parts, "ROC curve")


def reliability(found: Document, name: str) -> Markup:
    """How often rows are of the class, by the probability that they are told to have."""
    frame, parts = square("probability that is told", f"share that is {name}"[:46])
    total = found["count"] or 1
    for row in found["bins"]:
        if row["count"] and None not in (row["confidence"], row["accuracy"]):
            at = frame.px(row["confidence"]), frame.py(row["accuracy"])
            parts.append(svg.dot(*at, "train bubble", 2.5 + 9 * math.sqrt(row["count"] / total)))
    return svg.figure(*SQUARE, parts, "Calibration of the probabilities")


def points(
    frame: svg.Frame, xs: Sequence[float | None], ys: Sequence[float | None]
) -> list[Markup]:
    """A dot for each pair that is there."""
    return [
        svg.dot(frame.px(x), frame.py(y), "train bubble", 3)
        for x, y in zip(xs, ys, strict=True)
        if x is not None and y is not None
    ]


def framed(
    xs: Sequence[float], ys: Sequence[float], x_label: str, y_label: str
) -> tuple[svg.Frame, list[Markup]]:
    """A frame around the numbers, with its axes."""
    frame = svg.Frame(*WIDE, limits(xs), limits(ys), left=72, top=24, bottom=46)
    ticks = svg.ticks(*frame.x, 4)
    at = (frame.width - frame.right, frame.height - 8)
    return frame, [
        svg.axes(frame, "", y_label, ticks, number),
        svg.text(*at, x_label, "t label", "end"),
    ]


def predicted(one: Document) -> Markup:
    """On the diagonal, the prediction is the truth."""
    both = known([*one["truth"], *one["predicted"]])
    frame, parts = framed(both, both, "truth", "prediction")
    low, high = frame.x
    parts.append(svg.line(frame.px(low), frame.py(low), frame.px(high), frame.py(high), "best"))
    parts += points(frame, one["truth"], one["predicted"])
    return svg.figure(*WIDE, parts, "Predictions against truth")


def residuals(one: Document) -> Markup:
    """What the prediction says too much, against the prediction."""
    left = [None if None in pair else pair[1] - pair[0]
            for pair in zip(one["truth"], one["predicted"], strict=True)]  # fmt: skip
    frame, parts = framed(known(one["predicted"]), [*known(left), 0.0], "prediction", "residual")
    zero = frame.py(0.0)
    parts.append(svg.line(frame.left, zero, frame.width - frame.right, zero, "best"))
    parts += points(frame, one["predicted"], left)
    return svg.figure(*WIDE, parts, "Residuals")


def known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
