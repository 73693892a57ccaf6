"""Figures as SVG: axes, lines, bands, labels. Colours come from the style sheet."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kreg.pages.element import Content, join, tag
from kreg.pages.formatting import number

Curve = Sequence[float | None]


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers inside [low, high].

    >>> ticks(0, 1.9)
    [0.0, 0.5, 1.0, 1.5]
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


@dataclass(frozen=True)
class Frame:
    """A plotting area: pixels outside, data limits inside.

    Args:
        width, height: Of the whole figure, in units of its view box.
        x, y: (low, high) of the data.
        left, right, top, bottom: Margins.
        log: Whether the y axis is logarithmic (limits > 0).
    """

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 52
    right: float = 16
    top: float = 12
    bottom: float = 28
    log: bool = False

    @property
    def inner_width(self) -> float:
        return self.width - self.left - self.right

    @property
    def inner_height(self) -> float:
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> float:
        """The y pixel of the x axis."""
        return self.height - self.bottom

    def px(self, x: float) -> float:
        low, high = self.x
        return self.left + (x - low) / ((high - low) or 1) * self.inner_width

    def py(self, y: float) -> float:
        low, high = self.y
        if self.log:
            low, high, y = math.log(low), math.log(high), math.log(max(y, low * 1e-3, 1e-300))
        return self.floor - (y - low) / ((high - low) or 1) * self.inner_height

    def y_ticks(self) -> list[float]:
        if not self.log:
            return ticks(*self.y)
        low, high = (math.log10(v) for v in self.y)
        powers = range(math.floor(low), math.ceil(high) + 1)
        steps = (1, 2, 5) if high - low < 2.5 else (1,)
        values = [m * 10.0**p for p in powers for m in steps]
        return [v for v in values if self.y[0] <= v <= self.y[1]]


def text(x: float, y: float, content: str, class_: str = "t", anchor: str = "start") -> Markup:
    return tag("text", content, x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(
    x: float, y: float, width: float, height: float, class_: str, *, title: str = "", rx: float = 0
) -> Markup:
    """A rectangle; `title` is what a pointer is told."""
    inner = tag("title", title) if title else ""
    size = {"width": max(width, 0.0), "height": max(height, 0.0)}
    return tag("rect", inner, x=x, y=y, **size, class_=class_, rx=rx or None)


def dot(x: float, y: float, class_: str, r: float = 4) -> Markup:
    return tag("circle", cx=x, cy=y, r=r, class_=class_)


def curve(frame: Frame, xs: Sequence[float], ys: Curve, class_: str) -> Markup:
    """A line through the points that are there; dots on them where many are missing."""
    points = [(frame.px(x), frame.py(y)) for x, y in zip(xs, ys) if y is not None]
    if not points:
        return Markup("")
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    sparse = len(points) < 0.7 * len(ys) or len(points) == 1
    dots = [dot(x, y, f"{class_} point", 2.6) for x, y in points] if sparse else []
    return join(tag("path", d=path, class_=f"line {class_}"), dots)


def band(frame: Frame, xs: Sequence[float], low: Curve, high: Curve, class_: str) -> Markup:
    """The area between two curves, where both are there."""
    points = [(x, a, b) for x, a, b in zip(xs, low, high) if a is not None and b is not None]
    if len(points) < 2:
        return Markup("")
    upper = [f"{frame.px(x):.1f} {frame.py(b):.1f}" for x, _, b in points]
    lower = [f"{frame.px(x):.1f} {frame.py(a):.1f}" for x, a, _ in reversed(points)]
    return tag("path", d="M" + "L".join(upper + lower) + "Z", class_=f"band {class_}")


def clipped(frame: Frame, content: Content, name: str) -> Markup:
    """The content, cut off at the frame."""
    shape = rect(frame.left, frame.top - 4, frame.inner_width, frame.inner_height + 4, "")
    clip = tag("clipPath", shape, id=f"clip-{name}")
    return clip + tag("g", content, clip_path=f"url(#clip-{name})")


def end_labels(frame: Frame, shown: Mapping[tuple[str, str], Curve]) -> Markup:
    """The name of each curve at its last point, pushed apart where they collide.

    An arrow marks a curve that ends above the frame: it may not be seen at all.

    Args:
        frame: The plotting area.
        shown: (name, style class) -> the curve.
    """
    known = {style: [y for y in ys if y is not None] for style, ys in shown.items()}
    ends = {style: ys[-1] for style, ys in known.items() if ys}
    wanted = [min(max(frame.py(y), frame.top + 4), frame.floor) for y in ends.values()]
    placed = spread(wanted, 16, frame.top + 4, frame.floor)
    x = frame.width - frame.right + 10
    return join(
        text(x, at + 4, f"{name} ↑" if y > frame.y[1] else name, f"t name {class_}")
        for ((name, class_), y), at in zip(ends.items(), placed)
    )


def axes(
    frame: Frame,
    x_label: str = "",
    y_label: str = "",
    x_ticks: Sequence[float] = (),
    told: Callable[[float], str] = lambda x: number(x, 7),
) -> Markup:
    """Hairlines at round values, numbers beside them.

    Args:
        frame: The plotting area.
        x_label, y_label: What stands at the ends.
        x_ticks: Where numbers stand below; at whole ones where there are none.
        told: What stands there.
    """
    right = frame.width - frame.right
    parts = []
    for y in frame.y_ticks():
        at = frame.py(y)
        parts += [line(frame.left, at, right, at, "grid")]
        parts += [text(frame.left - 8, at + 4, number(y), anchor="end")]
    for x in x_ticks or whole_ticks(frame):
        parts.append(text(frame.px(x), frame.floor + 18, told(x), anchor="middle"))
    parts.append(line(frame.left, frame.floor, right, frame.floor, "axis"))
    if x_label:
        parts.append(text(right, frame.floor + 18, x_label, "t label", "end"))
    if y_label:
        parts.append(text(frame.left, frame.top - 6, y_label, "t label"))
    return join(parts)


def whole_ticks(frame: Frame) -> list[float]:
    """Round whole numbers, beginning with the first epoch; room for the axis label at the end."""
    low, high = frame.x
    inside = [t for t in ticks(low, high, 8) if t == int(t) and t > low]
    edge = frame.width - frame.right - 48
    return [low, *(t for t in inside if frame.left + 22 < frame.px(t) < edge)]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones that keep a distance, in the same order, inside [low, high].

    >>> spread([10, 12, 50], 10, 0, 100)
    [10, 20, 50]
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed = list(wanted)
    previous = low - gap
    for i in order:
        placed[i] = previous = max(wanted[i], previous + gap)
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return placed


def figure(width: float, height: float, content: Content, label: str, class_: str = "") -> Markup:
    """The whole figure; scales with its container."""
    return tag(
        "svg",
        tag("title", label),
        content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_=f"figure {class_}".rstrip(),
        preserveAspectRatio="xMinYMin meet",
    )


def spark(width: int, height: int, content: Content) -> Markup:
    """A small drawing inside a table; the text beside it says the same."""
    box = f"0 0 {width} {height}"
    return tag("svg", content, viewBox=box, width=width, height=height, class_="spark",
               aria_hidden="true")  # fmt: skip
