"""The figures of the page, each a function of the document."""

import math

from kreg.diagnostics import svg
from kreg.diagnostics.states import STATES

# curve -> (label, style class), in drawing order
LOSSES = {
    "loss": ("loss, logged", "logged"),
    "val_loss": ("val_loss, logged", "logged dash"),
    "clean_loss": ("training, clean", "train"),
    "val_clean_loss": ("validation, clean", "val"),
}
LOGGED_ONLY = {"loss": ("loss, logged", "train"), "val_loss": ("val_loss, logged", "val")}


def losses(document: dict) -> str:
    """Clean curves with the validation's band, logged ones in grey; best epoch and states."""
    curves, verdict = document["curves"], document["verdict"]
    styles = LOSSES if verdict["honest"] else LOGGED_ONLY
    shown = {name: curves[name] for name in styles if values(curves.get(name))}
    if not shown:
        return ""
    width, height, epochs = 1080, 400, curves["epochs"]
    low, high, log = limits(shown, verdict["honest"])
    frame = svg.Frame(
        width, height, extent(epochs), (low, high), right=138, top=24, bottom=66, log=log
    )
    judged = verdict["monitor"]
    body = [
        svg.axes(frame, "epoch", "loss" + (" (log scale)" if log else "")),
        past(frame, verdict),
    ]
    lines = error_band(frame, epochs, curves, judged)
    lines += "".join(svg.curve(frame, epochs, ys, styles[name][1]) for name, ys in shown.items())
    body += [clipped(frame, lines, "losses"), best(frame, verdict), events(frame, document)]
    body += [end_labels(frame, {styles[name]: ys for name, ys in shown.items()})]
    body += [ribbon(frame, verdict["timeline"]), hover(frame, epochs, shown)]
    return svg.figure(width, height, "".join(body), "Loss by epoch", "wide")


def values(curve: list | None) -> list[float]:
    return [v for v in curve or [] if v is not None]


def extent(epochs: list) -> tuple[float, float]:
    return (epochs[0], max(epochs[-1], epochs[0] + 1))


def limits(shown: dict, honest: bool) -> tuple[float, float, bool]:
    """(low, high, log) of the y axis: the judged curves in full, a first spike cut off."""
    leading = [v for name, ys in shown.items() if "clean" in name or not honest for v in values(ys)]
    everything = [v for ys in shown.values() for v in values(ys)]
    judged = sorted(leading or everything)
    low, high = judged[0], judged[-1]
    typical = judged[int(0.97 * (len(judged) - 1))]
    if high > 3 * typical > 0:
        high = typical * 1.3
    if low > 0 and high / low > 40:
        return low / 1.3, high * 1.3, True
    margin = 0.06 * (high - low or abs(high) or 1)
    top = min(max(everything), high + 0.35 * (high - low))
    low = 0.0 if 0 <= low < 0.35 * high else low - margin
    return low, max(high, top) + margin, False


def clipped(frame: svg.Frame, content: str, name: str) -> str:
    shape = svg.rect(frame.left, frame.top - 4, frame.inner_width, frame.inner_height + 4, "")
    clip = svg.tag("clipPath", shape, id=f"clip-{name}")
    return clip + svg.tag("g", content, clip_path=f"url(#clip-{name})")


def error_band(frame, epochs, curves, judged) -> str:
    """One standard error of the validation loss to both sides."""
    errors, center = curves.get("val_standard_error") or [], curves.get(judged) or []
    pairs = [(c, e) if None not in (c, e) else None for c, e in zip(center, errors)]
    low = [p and p[0] - p[1] for p in pairs]
    high = [p and p[0] + p[1] for p in pairs]
    return svg.band(frame, epochs, low, high, "val")


def past(frame: svg.Frame, verdict: dict) -> str:
    """The epochs after the onset, tinted, when the loss is past its best."""
    if verdict["onset"] is None:
        return ""
    x = frame.px(verdict["onset"])
    return svg.rect(x, frame.top, frame.width - frame.right - x, frame.inner_height, "past")


def best(frame: svg.Frame, verdict: dict) -> str:
    """The best epoch as a line; the epochs that cannot be told from the best stretch, shaded."""
    epoch, parts = verdict["best_epoch"], []
    if epoch is None:
        return ""
    if verdict["interval"]:
        first, last = (frame.px(e) for e in verdict["interval"])
        parts.append(svg.rect(first, frame.top, last - first, frame.inner_height, "interval"))
    x = frame.px(epoch)
    right = x > frame.left + 0.8 * frame.inner_width
    parts.append(svg.line(x, frame.top - 2, x, frame.floor, "best"))
    if verdict["best_loss"] is not None:
        y = max(frame.py(verdict["best_loss"]), frame.top)
        parts.append(svg.dot(x, y, "val point", 4.5))
    label = f"best: epoch {epoch}"
    parts.append(svg.text(x + (-7 if right else 7), frame.top + 6, label, "t strong",
                          "end" if right else "start"))  # fmt: skip
    return "".join(parts)


def events(frame: svg.Frame, document: dict) -> str:
    """Small triangles on the axis, the text on hovering."""
    parts = []
    for event in document["events"]:
        if event.get("epoch") is None:
            continue
        x, y = frame.px(event["epoch"]), frame.floor
        title = svg.tag("title", svg.escape(f"epoch {event['epoch']}: {event.get('text', '')}"))
        path = f"M{x - 5:.1f} {y - 1}L{x + 5:.1f} {y - 1}L{x:.1f} {y - 9}Z"
        parts.append(svg.tag("path", title, d=path, class_="event"))
    return "".join(parts)


def end_labels(frame: svg.Frame, shown: dict) -> str:
    """Each curve's name at its last point, pushed apart where they collide.

    An arrow marks a curve that ends above the frame: it may not be seen at all.
    """
    ends = [(style, next((v for v in reversed(ys) if v is not None), None))
            for style, ys in shown.items()]  # fmt: skip
    ends = [(style, value) for style, value in ends if value is not None]
    wanted = [min(max(frame.py(v), frame.top + 4), frame.floor) for _, v in ends]
    placed = svg.spread(wanted, 16, frame.top + 4, frame.floor)
    x = frame.width - frame.right + 10
    return "".join(
        svg.text(x, y + 4, f"{label} ↑" if value > frame.y[1] else label, f"t name {class_}")
        for ((label, class_), value), y in zip(ends, placed)
    )


def ribbon(frame: svg.Frame, timeline: list[dict]) -> str:
    """The states as a strip under the axis."""
    top, parts = frame.floor + 34, []
    for stretch in timeline:
        first = max(stretch["first"] - 0.5, frame.x[0])
        last = min(stretch["last"] + 0.5, frame.x[1])
        x, end = frame.px(first), frame.px(last)
        state = STATES.get(stretch["state"])
        title = f"{stretch['state']}: epoch {stretch['first']} to {stretch['last']}"
        class_ = f"state {state.tone if state else 'unknown'}"
        parts.append(svg.rect(x, top, end - x - 1, 18, class_, title=title, rx=3))
        if end - x > 8 * len(stretch["state"]) + 8:
            middle = (x + end) / 2
            parts.append(svg.text(middle, top + 13, stretch["state"].title(), "t chip", "middle"))
    return "".join(parts)


def hover(frame: svg.Frame, epochs: list, shown: dict, limit: int = 400) -> str:
    """Invisible columns whose tool tips hold the numbers: no script needed."""
    if len(epochs) > limit:
        return ""
    step, parts = frame.inner_width / max(1, len(epochs) - 1), []
    for i, epoch in enumerate(epochs):
        rows = [f"{n} {svg.number(ys[i])}" for n, ys in shown.items() if ys[i] is not None]
        title = "\n".join([f"epoch {epoch}", *rows])
        x = frame.px(epoch) - step / 2
        parts.append(svg.rect(x, frame.top, step, frame.inner_height, "hit", title=title))
    return "".join(parts)


def gap(document: dict) -> str:
    """Validation minus training: clean in colour, logged in grey."""
    curves, epochs = document["curves"], document["curves"]["epochs"]
    pairs = {
        ("clean gap", "val"): difference(curves, "val_clean_loss", "clean_loss"),
        ("logged gap", "logged"): difference(curves, "val_loss", "loss"),
    }
    shown = {style: ys for style, ys in pairs.items() if values(ys)}
    if not shown or not epochs:
        return ""
    everything = sorted(v for ys in shown.values() for v in values(ys))
    low = min(0.0, everything[int(0.02 * (len(everything) - 1))])
    high = max(0.0, everything[-1])
    margin = 0.08 * (high - low or 1)
    frame = svg.Frame(
        530, 300, extent(epochs), (low - margin, high + margin), right=96, top=22, bottom=30
    )
    zero = svg.line(frame.left, frame.py(0), frame.width - frame.right, frame.py(0), "axis")
    lines = "".join(svg.curve(frame, epochs, ys, style[1]) for style, ys in shown.items())
    body = svg.axes(frame, "epoch", "validation − training loss") + zero
    body += clipped(frame, lines, "gap") + end_labels(frame, shown)
    return svg.figure(530, 300, body, "Gap by epoch")


def difference(curves: dict, a: str, b: str) -> list:
    pairs = zip(curves.get(a) or [], curves.get(b) or [])
    return [None if None in pair else pair[0] - pair[1] for pair in pairs]


def waterfall(entry: dict, side: str) -> str:
    """From the clean loss to the logged one, part by part."""
    parts = entry[side]
    names = {"clean": "clean", "noise": "noise, running mean", "penalty": "penalty",
             "rest": "rest", "logged": "logged"}  # fmt: skip
    rows = [(names[k], k, parts[k]) for k in names if parts.get(k) is not None]
    rows = [row for row in rows if row[1] != "rest" or abs(row[2]) > 1e-3 * abs(parts["clean"])]
    spans, total = [], 0.0
    for _, key, value in rows:
        start = 0.0 if key in ("clean", "logged") else total
        total = start + value
        spans.append((start, total))
    return bars(rows, spans, 0.0, shared_limit(entry), side)


def shared_limit(entry: dict) -> float:
    """Both sides on one scale: the furthest any bar reaches."""
    reach = [0.0]
    for side in ("train", "validation"):
        total = 0.0
        for key in ("clean", "noise", "penalty", "rest"):
            total += entry[side].get(key) or 0.0
            reach.append(total)
        reach.append(entry[side]["logged"] or 0.0)
    return max(reach)


def bars(rows: list, spans: list, low: float, high: float, side: str) -> str:
    """Horizontal bars with a name on the left and a number on the right."""
    low = min([low, *(min(span) for span in spans)])
    width, step = 530, 30
    frame = svg.Frame(
        width, step * len(rows) + 8, (low, high or 1), (0, 1), left=146, right=74, top=4, bottom=4
    )
    colour, parts = "train" if side == "train" else "val", []
    for i, ((name, key, value), (start, end)) in enumerate(zip(rows, spans)):
        y = frame.top + i * step
        x1, x2 = frame.px(min(start, end)), frame.px(max(start, end))
        class_ = {"clean": colour, "logged": "logged"}.get(key, "part")
        parts.append(svg.text(frame.left - 10, y + 19, name, "t name", "end"))
        parts.append(svg.rect(x1, y + 6, max(x2 - x1, 1.5), step - 12, f"bar {class_}", rx=3))
        shown = svg.number(value, 3, sign=key not in ("clean", "logged"))
        parts.append(svg.text(x2 + 7, y + 19, shown, "t strong"))
        if i + 1 < len(rows):
            x = frame.px(end)
            parts.append(svg.line(x, y + 6, x, y + step + 6, "grid"))
    return svg.figure(width, frame.height, "".join(parts), f"Ledger of the {side} loss")


def reliability(document: dict) -> str:
    """Accuracy against confidence; the diagonal is a calibrated model."""
    sides = {k: v for k, v in document["calibration"].items() if v.get("bins")}
    if not sides:
        return ""
    frame = svg.Frame(380, 320, (0, 1), (0, 1), left=44, right=14, top=22, bottom=34)
    parts = [svg.axes(frame, "", "accuracy", (0, 0.25, 0.5, 0.75, 1))]
    parts.append(
        svg.text(frame.width - frame.right, frame.floor - 8, "confidence", "t label", "end")
    )
    parts.append(svg.line(frame.px(0), frame.py(0), frame.px(1), frame.py(1), "best"))
    for side in ("train", "validation"):
        if side not in sides:
            continue
        class_ = "train" if side == "train" else "val"
        rows = sides[side]["bins"]
        total = sum(r["count"] for r in rows)
        # a handful of examples in a bin say nothing: they get a dot but do not bend the line
        full = [r for r in rows if r["count"] >= 0.02 * total]
        xs, ys = [r["confidence"] for r in full], [r["accuracy"] for r in full]
        parts.append(svg.curve(frame, xs, ys, f"{class_} thin"))
        for r in rows:
            radius = 2.5 + 8 * math.sqrt(r["count"] / total)
            x, y = frame.px(r["confidence"]), frame.py(r["accuracy"])
            parts.append(svg.dot(x, y, f"{class_} bubble", radius))
    return svg.figure(380, 320, "".join(parts), "Reliability diagram")


def share(value: float, bare: bool) -> str:
    """A small bar for the layer table."""
    class_ = "bar bad" if bare else "bar train"
    body = svg.rect(0, 0, 48, 8, "track", rx=4) + svg.rect(0, 0, 48 * value, 8, class_, rx=4)
    return svg.tag("svg", body, viewBox="0 0 48 8", width=48, height=8, class_="spark")


def stop_strip(row: dict, first: int, last: int) -> str:
    """Where a rule stops (the bar's end) and what it goes back to (the dot)."""
    frame = svg.Frame(220, 16, (first, max(last, first + 1)), (0, 1), 6, 6, 0, 0)
    end = frame.px(row["stop_epoch"] or last)
    body = svg.rect(6, 5, 208, 6, "track", rx=3) + svg.rect(6, 5, end - 6, 6, "bar part", rx=3)
    if row["best_epoch"] is not None:
        body += svg.dot(frame.px(row["best_epoch"]), 8, "val point", 4)
    return svg.tag("svg", body, viewBox="0 0 220 16", width=220, height=16, class_="spark")
