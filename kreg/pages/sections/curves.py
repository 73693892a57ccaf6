"""The loss by epoch: clean curves with the validation's band, logged ones in grey, the states."""

from collections.abc import Sequence

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.diagnostics.states import STATES
from kreg.pages import svg
from kreg.pages.element import join, tag
from kreg.pages.formatting import number
from kreg.pages.svg import Curve, Frame
from kreg.pages.views import Figure, Section

# curve -> (label, style class), in drawing order
LOSSES = {
    "loss": ("loss, logged", "logged"),
    "val_loss": ("val_loss, logged", "logged dash"),
    "clean_loss": ("training, clean", "train"),
    "val_clean_loss": ("validation, clean", "val"),
    "val_refined_loss": ("validation, refined", "val thin dash"),
}
LOGGED_ONLY = {"loss": ("loss, logged", "train"), "val_loss": ("val_loss, logged", "val")}
ROOM = 18  # letters of a label beside the figure
TIPS = 400  # a figure with more epochs has no numbers under the pointer
CLEAN = (
    "Clean: inference mode, no penalties, no augmentation, the same number of rows on both sides. "
    "The band is one standard error of the validation loss."
)
BIASED = "The logged losses carry penalties, dropout noise and a running mean over the epoch."

REFINED = (
    "Refined: the validation loss after one temperature, fitted on the same rows; where it does "
    "not rise with the clean one, the model has only become too sure. Where "
    "fewer than five rows are wrong, no temperature makes the scores surer."
)

Curves = dict[tuple[str, str], Curve]  # (label, style class) -> values


def section(doc: Document) -> Section | None:
    shown = drawn(doc)
    if not shown:
        return None
    honest = doc["verdict"]["honest"]
    title = "Clean curves, logged ones in grey" if honest else "Logged losses only: biased"
    strip = "The strip names the state after each epoch, judged from the past alone."
    refined = f" {REFINED}" if LOSSES["val_refined_loss"] in shown else ""
    lead = f"{CLEAN if honest else BIASED}{refined} {strip}"
    return Section("curves", title, [Figure(figure(doc, shown))], lead)


def drawn(doc: Document) -> Curves:
    """The losses that the document has."""
    styles = LOSSES if doc["verdict"]["honest"] else LOGGED_ONLY
    return {style: doc["curves"][name] for name, style in styles.items()
            if known(doc["curves"].get(name))}  # fmt: skip


def others(doc: Document) -> dict[tuple[str, str], tuple[Sequence[int], Curve]]:
    """The trainings beside this one: (label, style class) -> epochs and values."""
    found = doc["inputs"].get("other_runs") or []
    return {(run["name"][-ROOM:], "logged"): (run["epochs"], run["values"]) for run in found}


def known(curve: Curve | None) -> list[float]:
    return [v for v in curve or [] if v is not None]


def figure(doc: Document, shown: Curves) -> Markup:
    """Curves, best epoch, events, the strip of states, and numbers under the pointer."""
    verdict, epochs, beside = doc["verdict"], doc["curves"]["epochs"], others(doc)
    width, height = 1080, 400
    named = shown | {style: ys for style, (_, ys) in beside.items()}
    low, high, log = limits(named)
    reach = extent(sorted({*epochs, *(x for xs, _ in beside.values() for x in xs)}))
    frame = Frame(width, height, reach, (low, high), right=138, top=24, bottom=66, log=log)
    lines = [svg.curve(frame, xs, ys, style[1]) for style, (xs, ys) in beside.items()]
    lines += [svg.curve(frame, epochs, ys, class_) for (_, class_), ys in shown.items()]
    body = [
        svg.axes(frame, "epoch", "loss" + (" (log scale)" if log else "")),
        past(frame, verdict),
        svg.clipped(frame, [error_band(frame, doc), *lines], "losses"),
        best(frame, verdict),
        events(frame, doc["events"]),
        svg.end_labels(frame, named),
        ribbon(frame, verdict["timeline"]),
        tips(frame, epochs, shown),
    ]
    return svg.figure(width, height, body, "Loss by epoch", "wide")


def extent(epochs: Sequence[int]) -> tuple[float, float]:
    return epochs[0], max(epochs[-1], epochs[0] + 1)


def limits(shown: Curves) -> tuple[float, float, bool]:
    """(low, high, log) of the y axis: the judged curves in full, a first spike cut off."""
    leading = [v for (_, class_), ys in shown.items() if "logged" not in class_ for v in known(ys)]
    everything = [v for ys in shown.values() for v in known(ys)]
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


def error_rows(doc: Document) -> list[tuple[int, float, float]]:
    """(epoch, low, high): one standard error of the judged loss to both sides."""
    curves = doc["curves"]
    centers = curves.get(doc["verdict"]["monitor"]) or []
    errors = curves.get("val_standard_error") or []
    return [
        (epoch, center - error, center + error)
        for epoch, center, error in zip(curves["epochs"], centers, errors)
        if center is not None and error is not None
    ]


def error_band(frame: Frame, doc: Document) -> Markup:
    rows = error_rows(doc)
    epochs, low, high = ([row[k] for row in rows] for k in range(3))
    return svg.band(frame, epochs, low, high, "val")


def past(frame: Frame, verdict: Document) -> Markup:
    """The epochs after the onset, tinted, when the loss is past its best."""
    if verdict["onset"] is None:
        return Markup("")
    x = frame.px(verdict["onset"])
    return svg.rect(x, frame.top, frame.width - frame.right - x, frame.inner_height, "past")


def best(frame: Frame, verdict: Document) -> Markup:
    """The best epoch as a line; the epochs that cannot be told from the best stretch, shaded."""
    epoch, parts = verdict["best_epoch"], []
    if epoch is None:
        return Markup("")
    if verdict["interval"]:
        first, last = (frame.px(e) for e in verdict["interval"])
        parts.append(svg.rect(first, frame.top, last - first, frame.inner_height, "interval"))
    x = frame.px(epoch)
    parts.append(svg.line(x, frame.top - 2, x, frame.floor, "best"))
    if verdict["best_loss"] is not None:
        y = max(frame.py(verdict["best_loss"]), frame.top)
        parts.append(svg.dot(x, y, "val point", 4.5))
    side, anchor = (-7, "end") if x > frame.left + 0.8 * frame.inner_width else (7, "start")
    label = f"best: epoch {epoch}"
    return join(parts, svg.text(x + side, frame.top + 6, label, "t strong", anchor))


def events(frame: Frame, found: list[Document]) -> Markup:
    """Small triangles on the axis, the text on hovering."""
    parts = []
    for event in found:
        if event.get("epoch") is None:
            continue
        x, y = frame.px(event["epoch"]), frame.floor
        title = tag("title", f"epoch {event['epoch']}: {event.get('text', '')}")
        path = f"M{x - 5:.1f} {y - 1}L{x + 5:.1f} {y - 1}L{x:.1f} {y - 9}Z"
        parts.append(tag("path", title, d=path, class_="event"))
    return join(parts)


def ribbon(frame: Frame, timeline: list[Document]) -> Markup:
    """The states as a strip under the axis."""
    top, parts = frame.floor + 34, []
    for stretch in timeline:
        name, first, last = stretch["state"], stretch["first"], stretch["last"]
        x, end = frame.px(max(first - 0.5, frame.x[0])), frame.px(min(last + 0.5, frame.x[1]))
        tone = STATES[name].tone if name in STATES else "unknown"
        title = f"{name}: epoch {first} to {last}"
        parts.append(svg.rect(x, top, end - x - 1, 18, f"state {tone}", title=title, rx=3))
        if end - x > 8 * len(name) + 8:
            parts.append(svg.text((x + end) / 2, top + 13, name.title(), "t chip", "middle"))
    return join(parts)


def tips(frame: Frame, epochs: Sequence[int], shown: Curves) -> Markup:
    """Invisible columns whose tool tips hold the numbers: no script needed."""
    if len(epochs) > TIPS:
        return Markup("")
    step, parts = frame.inner_width / max(1, len(epochs) - 1), []
    for i, epoch in enumerate(epochs):
        rows = [f"{name} {number(ys[i])}" for (name, _), ys in shown.items() if ys[i] is not None]
        x, title = frame.px(epoch) - step / 2, "\n".join([f"epoch {epoch}", *rows])
        parts.append(svg.rect(x, frame.top, step, frame.inner_height, "hit", title=title))
    return join(parts)
