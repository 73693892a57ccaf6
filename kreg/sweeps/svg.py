"""Three small charts as SVG text: points, whiskers and parallel coordinates. No scripts."""

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN = 440, 280, 46


@dataclass(frozen=True)
class Point:
    """A run in a chart: its coordinates, what a pointer is told, and where a click leads."""

    x: float
    y: float
    title: str
    link: str
    best: bool = False


@dataclass(frozen=True)
class Axis:
    """A linear scale from `low..high` to pixels."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(cls, values, start: float, end: float) -> "Axis":
        finite = [v for v in values if math.isfinite(v)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return cls(low - pad, high + pad, start, end)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, count: int = 5) -> list[float]:
        """Round numbers inside the scale."""
        raw = (self.high - self.low) / count
        step = 10 ** math.floor(math.log10(raw))
        step *= min((1, 2, 5, 10), key=lambda factor: abs(factor * step - raw))
        first = math.ceil(self.low / step)
        return [round(k * step, 12) for k in range(first, math.floor(self.high / step) + 1)]


def scatter(points: list[Point], x_label: str, y_label: str) -> str:
    """One dot a run."""
    points = [p for p in points if math.isfinite(p.x) and math.isfinite(p.y)]
    x = Axis.of([p.x for p in points], MARGIN, WIDTH - 12)
    y = Axis.of([p.y for p in points], HEIGHT - MARGIN, 12)
    dots = [
        f'<a href="{escape(p.link)}"><circle class="{"best" if p.best else "dot"}" '
        f'cx="{x(p.x)}" cy="{y(p.y)}" r="{6 if p.best else 4}">'
        f"<title>{escape(p.title)}</title></circle></a>"
        for p in points
    ]
    return figure([*frame(x, y, x_label, y_label), *dots], WIDTH, HEIGHT)


def frame(x: Axis, y: Axis, x_label: str, y_label: str) -> list[str]:
    """Axes with ticks and labels."""
    bottom, left = y.start, x.start
    parts = [f'<path class="axis" d="M{left},{y.end}V{bottom}H{x.end}"/>']
    for tick in x.ticks():
        parts.append(label(x(tick), bottom + 16, f"{tick:g}", "middle"))
    for tick in y.ticks():
        parts.append(f'<path class="grid" d="M{left},{y(tick)}H{x.end}"/>')
        parts.append(label(left - 6, y(tick) + 4, f"{tick:g}", "end"))
    parts.append(label((left + x.end) / 2, bottom + 36, x_label, "middle"))
    parts.append(label(left, y.end - 2, y_label, "start"))
    return parts


def whiskers(rows: list[tuple[str, float, float]], axis_label: str) -> str:
    """A dot and its interval for each `(name, difference, half width)`; zero is marked."""
    reach = [d + s * (0 if math.isnan(h) else h) for _, d, h in rows for s in (-1, 1)]
    x = Axis.of([*reach, 0.0], 190, WIDTH + 100)
    height = 22 * len(rows) + 44
    parts = [f'<path class="axis" d="M{x(0)},4V{height - 36}"/>']
    for place, (name, difference, half) in enumerate(rows):
        y = 22 * place + 16
        parts.append(label(180, y + 4, name, "end"))
        if not math.isnan(half):
            span = f"M{x(difference - half)},{y}H{x(difference + half)}"
            parts.append(f'<path class="whisker" d="{span}"/>')
        kind = "best" if abs(difference) > half else "dot"
        parts.append(f'<circle class="{kind}" cx="{x(difference)}" cy="{y}" r="4"/>')
    for tick in x.ticks():
        parts.append(label(x(tick), height - 22, f"{tick:g}", "middle"))
    parts.append(label((x.start + x.end) / 2, height - 4, axis_label, "middle"))
    return figure(parts, WIDTH + 112, height)


def parallel(columns: dict[str, list], points: list[Point]) -> str:
    """One vertical axis a column and one line a run; the last column colours the best.

    Args:
        columns: Name to one value a run: numbers, or anything else by its name.
        points: The runs, for titles and links; their coordinates are not used.
    """
    width = max(WIDTH, 130 * len(columns))
    places = [
        60 + place * (width - 120) / max(1, len(columns) - 1) for place in range(len(columns))
    ]
    scaled, parts = [], []
    for (name, values), place in zip(columns.items(), places, strict=True):
        heights, marks = upright(values)
        scaled.append(heights)
        parts.append(f'<path class="axis" d="M{place:.0f},24V{HEIGHT - 20}"/>')
        parts.append(label(place, 14, name, "middle"))
        parts += [label(place - 5, h + 4, mark, "end") for mark, h in marks]
    for run, point in enumerate(points):
        corners = [(x, heights[run]) for x, heights in zip(places, scaled, strict=True)]
        path = "L".join(f"{x:.0f},{h:.1f}" for x, h in corners if h is not None)
        kind = "line best" if point.best else "line"
        shape = f'<path class="{kind}" d="M{path}"><title>{escape(point.title)}</title></path>'
        parts.append(f'<a href="{escape(point.link)}">{shape}</a>')
    return figure(parts, width, HEIGHT)


def upright(values: list) -> tuple[list, list]:
    """The heights of the values on a vertical axis, and its marks."""
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    known = [v for v in values if not (numeric and not math.isfinite(v))]
    if numeric and len(set(known)) > 2:
        axis = Axis.of(known, HEIGHT - 24, 30)
        heights = [axis(v) if math.isfinite(v) else None for v in values]
        return heights, [(f"{tick:g}", axis(tick)) for tick in axis.ticks(4)]
    names = sorted({str(v) for v in known})
    axis = Axis.of(list(range(len(names))), HEIGHT - 24, 30)
    place = {name: axis(number) for number, name in enumerate(names)}
    return [place.get(str(v)) for v in values], list(place.items())


def label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def figure(parts: list[str], width: float, height: float) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" style="max-width:{width:.0f}px">{body}</svg>'  # noqa: E501
