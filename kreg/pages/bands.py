"""A chart of lines over a number that is at home on a logarithmic scale, with bands around them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kreg.pages import charts, svg
from kreg.pages.charts import Point
from kreg.pages.element import join
from kreg.pages.formatting import number

WIDTH, HEIGHT = 1080, 360
RIGHT, HUES = 150, 8  # room for names; colours of the style sheet
TOLD, APART = 9, 44  # numbers below the axis, and the pixels that each needs
STEEP = 8  # from this ratio of the largest to the smallest value on the y axis is logarithmic


@dataclass(frozen=True)
class Line:
    """One line.

    Args:
        name: What stands at its end.
        points: Its points, `x` >= 0; one without an `x` (NaN) is a level across the chart.
        errors: What its band has on both sides, one number a point; NaN for none.
    """

    name: str
    points: Sequence[Point]
    errors: Sequence[float]

    @property
    def reach(self) -> list[float]:
        """The ends of the band, or the points where there is none."""
        halves = [0.0 if math.isnan(error) else error for error in self.errors]
        return [p.y + s * h for p, h in zip(self.points, halves, strict=True) for s in (-1, 1)]


@dataclass(frozen=True)
class Scale:
    """Decades; zero, which has no place on a logarithmic scale, is one decade before the others.

    Args:
        places: Of all numbers, in their order.
        zero: Where zero is.
    """

    places: Sequence[float]
    zero: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Scale":
        """That of some numbers; what is none of them (NaN) has no place."""
        known = sorted({x for x in numbers if math.isfinite(x)}) or [1.0]
        positive = [math.log10(x) for x in known if x > 0]
        zero = min(positive, default=0.0) - 1
        return cls([zero] * (known[0] == 0) + positive, zero)

    @property
    def limits(self) -> tuple[float, float]:
        return charts.limits(self.places)

    def at(self, number: float) -> float:
        return math.log10(number) if number > 0 else self.zero

    def told(self, place: float) -> str:
        """The number at a place.

        >>> scale = Scale.of([0.0, 0.01, 0.1])
        >>> [scale.told(place) for place in scale.places]
        ['0', '0.01', '0.1']
        """
        return "0" if place == self.zero == self.places[0] else number(10**place, 3)


def bands(lines: Sequence[Line], x_label: str, y_label: str) -> Markup:
    """The lines, each in its colour and with its name; the best point stands out.

    Args:
        lines: At least one; the first one is drawn above the others.
        x_label, y_label: What the axes measure.
    """
    scale = Scale.of([p.x for line in lines for p in line.points])
    reach = [value for line in lines for value in line.reach if math.isfinite(value)]
    steep = min(reach, default=0) > 0 and max(reach) > STEEP * min(reach)
    limits = (min(reach) / 1.1, max(reach) * 1.1) if steep else charts.limits(reach)
    frame = svg.Frame(WIDTH, HEIGHT, scale.limits, limits, left=64, right=RIGHT, top=28, bottom=44,
                      log=steep)  # fmt: skip
    axes = svg.axes(frame, "", y_label, ticks(frame, scale), scale.told)
    label = svg.text(frame.px(frame.x[1]), frame.floor + 36, x_label, "t label", "end")
    drawn = [
        drawing(frame, scale, line, f"hue hue{place % HUES}") for place, line in enumerate(lines)
    ]
    ends = {
        (line.name, f"hue hue{place % HUES}"): [p.y for p in line.points]
        for place, line in enumerate(lines)
    }
    body = [axes, label, *reversed(drawn), svg.end_labels(frame, ends)]
    return svg.figure(WIDTH, HEIGHT, body, f"{y_label} against {x_label}", "wide")


def ticks(frame: svg.Frame, scale: Scale) -> list[float]:
    """Where numbers stand: at the values themselves as far as there is room."""
    wanted = scale.places if len(scale.places) <= TOLD else svg.ticks(*frame.x, 6)
    shown: list[float] = []
    for x in wanted:
        if not shown or frame.px(x) - frame.px(shown[-1]) >= APART:
            shown.append(x)
    return shown


def drawing(frame: svg.Frame, scale: Scale, line: Line, style: str) -> Markup:
    """One line with its band and its points; a level without points of its own."""
    level = all(math.isnan(p.x) for p in line.points)
    xs = list(frame.x) if level else [scale.at(p.x) for p in line.points]
    each = 2 if level else 1
    ys = [p.y for p in line.points] * each
    errors = list(line.errors) * each
    low, high = ([y + sign * e if math.isfinite(e) else None for y, e in zip(ys, errors)]
                 for sign in (-1, 1))  # fmt: skip
    parts = [svg.band(frame, xs, low, high, style)]
    parts.append(svg.curve(frame, xs, ys, f"{style} dash" if level else style))
    for x, point in [] if level else zip(xs, line.points, strict=True):
        chosen = " chosen" if point.best else ""
        shape = svg.dot(frame.px(x), frame.py(point.y), f"run {style}{chosen}",
                        6.5 if point.best else 4)  # fmt: skip
        parts.append(point.wrap(shape))
    return join(parts)
