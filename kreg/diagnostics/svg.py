"""Small figures as SVG text: axes, lines, bands, labels. Colours come from the style sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

MINUS = "\N{MINUS SIGN}"


def number(value: float | None, digits: int = 4, *, sign: bool = False) -> str:
    """A number for people: significant digits, a true minus, a dash for nothing.

    >>> number(0.000123456), number(12345.6), number(0.25, sign=True), number(None)
    ('0.0001235', '12,346', '+0.25', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        text = f"{value:+,.0f}" if sign else f"{value:,.0f}"
    else:
        text = f"{value:+.{digits}g}" if sign else f"{value:.{digits}g}"
    return text.replace("-", MINUS) if "e" not in text else text


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


def tag(name: str, content: str = "", **attributes) -> str:
    """One element; `class_` is `class`, an underscore in a name is a hyphen."""
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return f"<{' '.join(parts)}>{content}</{name}>"


def text(x: float, y: float, content: str, class_: str = "t", anchor: str = "start") -> str:
    return tag("text", escape(content), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, **more) -> str:
    title = more.pop("title", "")
    inner = tag("title", escape(title)) if title else ""
    size = {"width": max(width, 0.0), "height": max(height, 0.0)}
    return tag("rect", inner, x=x, y=y, **size, class_=class_, **more)


def dot(x: float, y: float, class_: str, r: float = 4) -> str:
    return tag("circle", cx=x, cy=y, r=r, class_=class_)


def curve(frame: Frame, xs: Sequence, ys: Sequence, class_: str) -> str:
    """A line through the points that are there; dots on them where many are missing."""
    points = [(frame.px(x), frame.py(y)) for x, y in zip(xs, ys) if y is not None]
    if not points:
        return ""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    sparse = len(points) < 0.7 * len(ys) or len(points) == 1
    dots = "".join(dot(x, y, f"{class_} point", 2.6) for x, y in points) if sparse else ""
    return tag("path", d=path, class_=f"line {class_}") + dots


def band(frame: Frame, xs: Sequence, low: Sequence, high: Sequence, class_: str) -> str:
    """The area between two curves, where both are there."""
    points = [p for p in zip(xs, low, high) if p[1] is not None and p[2] is not None]
    if len(points) < 2:
        return ""
    upper = [f"{frame.px(x):.1f} {frame.py(h):.1f}" for x, _, h in points]
    lower = [f"{frame.px(x):.1f} {frame.py(v):.1f}" for x, v, _ in reversed(points)]
    return tag("path", d="M" + "L".join(upper + lower) + "Z", class_=f"band {class_}")


def axes(frame: Frame, x_label: str = "", y_label: str = "", x_ticks: Sequence = ()) -> str:
    """Hairlines at round values, numbers beside them."""
    right = frame.width - frame.right
    parts = []
    for y in frame.y_ticks():
        at = frame.py(y)
        parts += [line(frame.left, at, right, at, "grid")]
        parts += [text(frame.left - 8, at + 4, number(y), anchor="end")]
    for x in x_ticks or whole_ticks(frame):
        parts.append(text(frame.px(x), frame.floor + 18, number(x, 7), anchor="middle"))
    parts.append(line(frame.left, frame.floor, right, frame.floor, "axis"))
    if x_label:
        parts.append(text(right, frame.floor + 18, x_label, "t label", "end"))
    if y_label:
        parts.append(text(frame.left, frame.top - 6, y_label, "t label"))
    return "".join(parts)


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


def figure(width: float, height: float, content: str, label: str, class_: str = "") -> str:
    """The whole figure; scales with its container."""
    return tag(
        "svg",
        tag("title", escape(label)) + content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_=f"figure {class_}".rstrip(),
        preserveAspectRatio="xMinYMin meet",
    )
