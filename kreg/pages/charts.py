"""Charts of many runs: points, whiskers, parallel coordinates. Every run can be a link."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from markupsafe import Markup

from kreg.pages import svg
from kreg.pages.element import tag
from kreg.pages.formatting import number

SIZE = (520, 320)  # of a chart that shares its row
WIDE = 1080  # of one that has a row for itself
ROW, NAMES = 26, 220  # height of a whisker's row, room for its name
LETTER = 7  # a letter's width, about
AXIS_BOTTOM = 24  # below a vertical axis
NONE_BELOW = 30  # room for those that have no number, below the smallest one
STEEP = 20  # from this ratio of the largest to the smallest number an axis is logarithmic
NO_NUMBER = "none"


@dataclass(frozen=True)
class Point:
    """A run in a chart: its coordinates, what a pointer is told, and where a click leads."""

    x: float
    y: float
    title: str
    link: str
    best: bool = False

    def wrap(self, shape: Markup) -> Markup:
        """The shape with a title, as a link where it leads somewhere."""
        titled = tag("g", tag("title", self.title), shape)
        return tag("a", titled, href=self.link) if self.link else titled

    @property
    def style(self) -> str:
        return "run chosen" if self.best else "run"


def limits(values: Iterable[float], margin: float = 0.06) -> tuple[float, float]:
    """(low, high) around the finite values, with room at both ends."""
    finite = [v for v in values if math.isfinite(v)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    room = margin * (high - low) or margin * abs(high) or 1.0
    return low - room, high + room


def scatter(points: Sequence[Point], x_label: str, y_label: str) -> Markup:
    """One dot a run, the best one above the others."""
    points = [p for p in points if math.isfinite(p.x) and math.isfinite(p.y)]
    x, y = limits(p.x for p in points), limits(p.y for p in points)
    frame = svg.Frame(*SIZE, x, y, left=64, top=28, bottom=32)
    room = SIZE[0] - frame.right - LETTER * (len(x_label) + 3)  # the label ends the row of numbers
    shown = [tick for tick in svg.ticks(*x) if frame.px(tick) < room]
    dots = [
        p.wrap(svg.dot(frame.px(p.x), frame.py(p.y), p.style, 6 if p.best else 4.5))
        for p in sorted(points, key=lambda point: point.best)
    ]
    body = [svg.axes(frame, x_label, y_label, shown or [x[0]]), *dots]
    return svg.figure(*SIZE, body, f"{y_label} against {x_label}")


def whiskers(rows: Sequence[tuple[str, float, float]], label: str) -> Markup:
    """A dot and its interval for each `(name, difference, half width)`; zero is marked.

    Those whose interval leaves zero out are in full colour.
    """
    reach = [d + s * (0 if math.isnan(h) else h) for _, d, h in rows for s in (-1, 1)]
    height = ROW * len(rows) + 44
    frame = svg.Frame(WIDE, height, limits([*reach, 0.0]), (0, 1), left=NAMES, bottom=40)
    zero = frame.px(0)
    parts = [svg.line(zero, 4, zero, frame.floor, "zero")]
    for place, (name, difference, half) in enumerate(rows):
        y = ROW * (place + 0.5) + 2
        sure = "" if math.isnan(half) or abs(difference) > half else " unsure"
        parts.append(svg.text(NAMES - 16, y + 4, name, "t strong", "end"))
        if not math.isnan(half):
            ends = (frame.px(difference - half), frame.px(difference + half))
            parts.append(svg.line(ends[0], y, ends[1], y, f"whisker{sure}"))
        parts.append(svg.dot(frame.px(difference), y, f"run{sure}", 5))
    for tick in svg.ticks(*frame.x):
        at = (frame.px(tick), frame.floor + 16)
        parts.append(svg.text(*at, number(tick, sign=True), "t", "middle"))
    parts.append(svg.text(frame.px(frame.x[1]), frame.floor + 34, label, "t label", "end"))
    return svg.figure(WIDE, height, parts, label, "wide")


def parallel(columns: dict[str, list[object]], points: Sequence[Point]) -> Markup:
    """One vertical axis a column and one line a run.

    Args:
        columns: Name to one value a run: numbers, or anything else by its name.
        points: The runs, for titles and links; their coordinates are not used.
    """
    height, side = SIZE[1], 90
    step = (WIDE - 2 * side) / max(1, len(columns) - 1)
    places = [side + step * place for place in range(len(columns))]
    axes = [svg.line(place, 34, place, height - 16, "axis") for place in places]
    scaled, names = [], []
    for (name, values), place in zip(columns.items(), places, strict=True):
        heights, marks = upright(values, height)
        scaled.append(heights)
        names.append(svg.text(place, 18, name, "t strong", "middle"))
        names += [svg.text(place - 8, y + 4, mark, "t halo", "end") for mark, y in marks]
    ways = []
    for run in sorted(range(len(points)), key=lambda k: points[k].best):
        corners = [(x, heights[run]) for x, heights in zip(places, scaled, strict=True)]
        path = "L".join(f"{x:.0f} {y:.1f}" for x, y in corners if y is not None)
        chosen = " chosen" if points[run].best else ""
        ways.append(points[run].wrap(tag("path", d=f"M{path}", class_=f"way{chosen}")))
    body = [*axes, *ways, *names]
    return svg.figure(WIDE, height, body, "Every run, factor by factor", "wide")


def upright(
    values: Sequence[object], height: float
) -> tuple[list[float | None], list[tuple[str, float]]]:
    """The heights of the values on a vertical axis, and its marks.

    Numbers keep their distances, over several decades those of their logarithms. A run without a
    number, where others have one, has a place of its own below them.
    """
    known = [v for v in values if is_number(v) and math.isfinite(v)]
    absent = [v for v in values if v is None or v == ""]
    if len(set(known)) < 3 or not all(is_number(v) or v in absent for v in values):
        return of_names(values, height)
    axis = number_axis(known, height, below=NONE_BELOW if absent else 0)
    bottom = height - AXIS_BOTTOM

    def at(value: object) -> float | None:
        if not is_number(value):
            return bottom
        return axis.py(value) if math.isfinite(value) else None

    ticks = axis.y_ticks() if axis.log else svg.ticks(*axis.y, 4)
    marks = [(number(tick), axis.py(tick)) for tick in ticks]
    return [at(v) for v in values], [*marks, *([(NO_NUMBER, bottom)] if absent else [])]


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_axis(known: Sequence[float], height: float, below: float) -> svg.Frame:
    """An axis for numbers, logarithmic where they are positive and far apart.

    Args:
        known: The numbers.
        height: Of the figure.
        below: Pixels that are kept free under it.
    """
    low, high = min(known), max(known)
    log = low > 0 and high / low >= STEEP
    span = (low / 1.3, high * 1.3) if log else limits(known)
    return svg.Frame(1, height, (0, 1), span, top=42, bottom=AXIS_BOTTOM + below, log=log)


def of_names(
    values: Sequence[object], height: float
) -> tuple[list[float | None], list[tuple[str, float]]]:
    """Heights and marks of values that are shown by name, numbers among them in their order."""
    named = [v for v in values if not (is_number(v) and not math.isfinite(v))]
    ordered = sorted({(is_number(v), v if is_number(v) else 0.0, name_of(v)) for v in named})
    names = list(dict.fromkeys(name for *_, name in ordered))
    axis = svg.Frame(1, height, (0, 1), limits(range(len(names))), top=42, bottom=AXIS_BOTTOM)
    place = {name: axis.py(number) for number, name in enumerate(names)}
    return [place.get(name_of(v)) for v in values], list(place.items())


def name_of(value: object) -> str:
    """A value in words; of a run that has none, that it has none."""
    return NO_NUMBER if value is None or value == "" else str(value)
