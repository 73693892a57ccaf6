"""The figures of a path: the error and the weights at every strength, weaker to the right."""

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from kreg.pages import charts, svg
from kreg.pages.svg import Frame
from kreg.procedures.lasso_path.outcome import Outcome, Plain
from kreg.procedures.lasso_path.solvers import Floats

DRAWN, NAMED = 200, 8  # lines of weights, and those that have a name beside them
WIDTH, HEIGHT = 1080, 340
STRENGTH = "reg.l1, weaker to the right"


def errors(found: Plain, label: str) -> Markup:
    """The error at every strength, with whiskers, and the two choices."""
    points = found["path"]
    xs = [math.log10(point["l1"]) for point in points]
    reach = [p["cv_error"] + s * p["standard_error"] for p in points for s in (-1, 1)]
    frame = Frame(WIDTH, HEIGHT, span(xs), charts.limits(reach), left=64, top=26, bottom=40)
    parts = [axes(frame, xs, label)]
    for name, at in (("min", found["strengths"]["min"]), ("1se", found["strengths"]["1se"])):
        parts.append(
            marked(frame, math.log10(at["l1"]), f"{name}: {at['features']:,} columns", name)
        )
    for x, point in zip(xs, points, strict=True):
        middle, half = point["cv_error"], point["standard_error"]
        ends = frame.py(middle - half), frame.py(middle + half)
        parts.append(svg.line(frame.px(x), ends[0], frame.px(x), ends[1], "grid"))
        parts.append(svg.dot(frame.px(x), frame.py(middle), "run", 3))
    return svg.figure(WIDTH, HEIGHT, parts, "Cross-validated error against the strength", "wide")


def span(xs: Sequence[float]) -> tuple[float, float]:
    """From the strongest to the weakest strength."""
    return xs[0], xs[-1] if len(xs) > 1 else xs[0] - 1


def axes(frame: Frame, xs: Sequence[float], label: str) -> Markup:
    inside = [t for t in svg.ticks(min(xs), max(xs), 6) if frame.px(t) < frame.width - 260]
    return svg.axes(frame, STRENGTH, label, inside or [xs[0]], lambda x: f"{10**x:.2g}")


def marked(frame: Frame, x: float, told: str, name: str) -> Markup:
    """A line at a strength; the names stand at two heights, since both may be the same one."""
    at, up = frame.px(x), 6 if name == "min" else 22
    right = at > frame.width - 200
    words = svg.text(at + (-7 if right else 7), frame.top + up, told, "t strong",
                     "end" if right else "start")  # fmt: skip
    return svg.line(at, frame.top - 2, at, frame.floor, "best") + words


def weights(outcome: Outcome) -> Markup:
    """Each column's weights as a line from the strongest strength to the weakest."""
    kernel = outcome.path.kernel * (outcome.scale if outcome.rows.squared else 1.0)
    xs = [math.log10(strength) for strength in outcome.path.strengths]
    drawn = largest(kernel)[:DRAWN]
    reach = charts.limits([float(v) for c, k in drawn for v in kernel[:, c, k]] or [0.0])
    frame = Frame(WIDTH, HEIGHT, span(xs), reach, left=64, right=170, top=26, bottom=40)
    zero, size = frame.py(0), abs(kernel[outcome.place])
    parts = [axes(frame, xs, "weight"), svg.line(frame.left, zero, WIDTH - 170, zero, "axis")]
    for c, k in reversed(drawn):
        style = "val" if size[c, k] else "logged"
        parts.append(svg.curve(frame, xs, kernel[:, c, k].tolist(), style))
    chosen = sorted((at for at in drawn if size[at]), key=lambda at: -size[at])
    named = {(label(outcome, *at), "val"): kernel[:, *at].tolist() for at in chosen[:NAMED]}
    parts.append(svg.end_labels(frame, named))
    parts.append(marked(frame, xs[outcome.place], outcome.choose, outcome.choose))
    return svg.figure(WIDTH, HEIGHT, parts, "Weights against the strength", "wide")


def largest(kernel: Floats) -> list[tuple[int, int]]:
    """Column and output of every weight that is ever there, the largest ones first."""
    size = abs(kernel).max(axis=0)
    order = np.argsort(-size, axis=None, kind="stable")[: np.count_nonzero(size)]
    return [(int(c), int(k)) for c, k in zip(*np.unravel_index(order, size.shape), strict=True)]


def label(outcome: Outcome, column: int, output: int) -> str:
    """The column, and the class where each has weights of its own."""
    name, several = outcome.whole.names[column], outcome.path.kernel.shape[2] > 1
    return f"{name[:14]} {outcome.rows.raw.class_names[output][:6]}" if several else name[:20]
