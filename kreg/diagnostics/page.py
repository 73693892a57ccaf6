"""The HTML page: one self-contained file, figures inline, no script, nothing fetched."""

import functools
import json
import re
from importlib import resources

import jinja2
from markupsafe import Markup, escape

from kreg import __version__
from kreg.diagnostics import charts, compressed, data_panel, inventory, svg


@functools.cache
def environment() -> jinja2.Environment:
    """The templates of this package, escaping everything that is not marked safe."""
    loader = jinja2.PackageLoader("kreg.diagnostics", "templates")
    found = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    found.filters |= {"number": svg.number, "percent": percent, "code": code}
    return found


@functools.cache
def style() -> str:
    """The style sheet of all pages."""
    return (resources.files("kreg.diagnostics") / "templates" / "style.css").read_text("utf-8")


def skeleton(title: str, body: str, theme: str = "") -> str:
    """A whole HTML page around `body`, which must be safe HTML.

    Args:
        title: Plain text.
        body: HTML.
        theme: `"light"` or `"dark"` to fix it; empty follows the reader's system.
    """
    template = environment().get_template("skeleton.html")
    return template.render(
        title=title, body=Markup(body), theme=theme, style=Markup(style()), version=__version__
    )


def page(document: dict, theme: str = "") -> str:
    """The report as a page."""
    heading = f"{document['name']}: {document['verdict']['headline']}"
    return skeleton(heading, fragment(document), theme)


def fragment(doc: dict) -> str:
    """The report as one `<article>`, for pages that hold several."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", doc["name"])
    safe = Markup
    return environment().get_template("report.html").render(
        doc=doc,
        anchor=f"run-{name}",
        title=title(doc["verdict"]),
        stats=stats(doc),
        charts={
            "losses": safe(charts.losses(doc)),
            "gap": safe(charts.gap(doc)),
            "reliability": safe(charts.reliability(doc)),
            "ledger": ledger(doc),
        },
        columns=columns(doc),
        rows=layer_rows(doc),
        replays=replays(doc),
        gaps=gaps(doc),
        compressed=compressed,
        data=data_panel,
        samples=samples(doc),
        settings=json.dumps(doc["settings"], indent=2, ensure_ascii=False),
        weak=doc["inputs"].get("weak_evidence") or [],
    )  # fmt: skip


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def code(text: str) -> Markup:
    """Plain text as HTML, with what stands between backticks as code.

    >>> code("`a` < b")
    Markup('<code>a</code> &lt; b')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def title(verdict: dict) -> str:
    """State and date in sentence case: `Overfitting since epoch 7`."""
    since = "" if verdict["onset"] is None else f" since epoch {verdict['onset']}"
    return verdict["state"].capitalize() + since


def stats(doc: dict) -> list[dict]:
    """The numbers under the headline."""
    v, found = doc["verdict"], []
    if v["onset"] is not None:
        first, last = v["interval"] or (v["onset"], v["onset"])
        note = (
            f"epochs {first} to {last} cannot be told apart"
            if first < last
            else "where the best stretch was"
        )
        found.append({"name": "Onset", "value": f"epoch {v['onset']}", "note": note})
    if v["best_epoch"] is not None:
        note = f"validation loss {svg.number(v['best_loss'])}"
        if any(event["kind"] == "restore" for event in doc["events"]):
            note += "; its weights were put back"
        found.append({"name": "Best epoch", "value": v["best_epoch"], "note": note})
    if v["lost"] is not None:
        value = f"{svg.number(v['lost'], 3, sign=True)} %" if v["lost"] else "0 %"
        note = f"validation loss {svg.number(v['last_loss'])} at epoch {v['epoch']}"
        found.append({"name": "Cost so far", "value": value, "note": note})
    if v["gap"] is not None:
        entry = doc["ledger"].get("last") or {}
        logged = entry.get("logged_gap")
        note = f"at epoch {v['epoch']}"
        if logged is not None:
            note += f"; the logged gap says {svg.number(logged, 3, sign=True)}"
        name = "Clean gap" if v["honest"] else "Logged gap"
        found.append({"name": name, "value": svg.number(v["gap"], 3, sign=True), "note": note})
    found.append(sureness(doc))
    return found


def sureness(doc: dict) -> dict:
    """How sure it is that the model is worse than at its best."""
    v, resolution = doc["verdict"], doc["resolution"]
    if v["sure"] is None:
        return {"name": "Worse than its best?", "value": "unknown", "note": "no per-example losses"}
    note = (
        f"paired test, {resolution['measured']:,} validation rows" if resolution else "paired test"
    )
    # a normal approximation on a few hundred rows knows nothing beyond 99 %
    shown = "> 99 %" if v["sure"] > 0.99 else "< 1 %" if v["sure"] < 0.01 else f"{v['sure']:.0%}"
    return {"name": "Worse than its best?", "value": shown, "note": note}


def ledger(doc: dict) -> dict | None:
    """Both waterfalls and the sentence above them."""
    entry = doc["ledger"].get("last")
    if not entry:
        return None
    logged, clean = (svg.number(entry[k], 3, sign=True) for k in ("logged_gap", "clean_gap"))
    sentence = f"The clean gap is {clean}."
    if entry["logged_gap"] is not None:
        sentence = f"The logged gap is {logged}, the clean one {clean}."
    return {
        "epoch": entry["epoch"],
        "sentence": sentence,
        "train": Markup(charts.waterfall(entry, "train")),
        "validation": Markup(charts.waterfall(entry, "validation")),
    }


def gaps(doc: dict) -> list[dict]:
    """The table under the gap: absolute, relative, and that of each metric."""
    rows = []
    entries = [doc["ledger"].get(when) for when in ("best", "last")]
    if all(entries):
        absolute = [svg.number(e["clean_gap"], 3, sign=True) for e in entries]
        relative = [e["clean_gap"] / (e["train"]["clean"] or float("nan")) for e in entries]
        rows.append({"name": "clean gap", "best": absolute[0], "last": absolute[1]})
        shown = [svg.number(100 * r, 3, sign=True) + " %" for r in relative]
        rows.append({"name": "relative to the training loss", "best": shown[0], "last": shown[1]})
    for metric in doc["metrics"]:
        row = {"name": f"{metric['name']}, validation (training)"}
        for when in ("best", "last"):
            train = metric.get(f"train_{when}")
            inside = "" if train is None else f" ({svg.number(train, 3)})"
            row[when] = svg.number(metric[when], 3) + inside
        rows.append(row)
    return rows


def samples(doc: dict) -> dict | None:
    """Augmented training images; a picture only if it is one that lies in the document itself."""
    sheet = doc["inputs"].get("samples") or {}
    picture = str(sheet.get("picture", ""))
    return sheet if picture.startswith("data:image/png;base64,") else None


def shown_columns(doc: dict) -> list[str]:
    """The columns that hold at least one value."""
    always = ("name", "params", "share", "regularization")
    keys = [key for key in inventory.COLUMNS if key != "type"]  # the type stands under the name
    return [
        key
        for key in keys
        if key in always or any(row.get(key) is not None for row in doc["layers"])
    ]


def columns(doc: dict) -> list[dict]:
    left = ("name", "regularization", "share")
    keys = shown_columns(doc)
    return [{"title": inventory.COLUMNS[key], "right": key not in left} for key in keys]


def layer_rows(doc: dict) -> list[list[dict]]:
    styles = {"name": "w", "share": "w", "regularization": "wide"}
    keys = shown_columns(doc)
    return [
        [{"html": cell(key, row), "style": styles.get(key, "n")} for key in keys]
        for row in doc["layers"]
    ]


def cell(key: str, row: dict):
    """One cell of the layer table."""
    value = row.get(key)
    if key == "name":
        return Markup("{}<br><small>{}</small>").format(value, row.get("type") or "")
    if key == "share":
        return Markup(charts.share(value or 0.0, row["unregularized"])) + f" {percent(value)}"
    if key == "regularization":
        if value:
            return value
        if not row.get("params"):
            return ""
        bare = row["unregularized"]
        return Markup('<span class="none">nothing</span>') if bare else "frozen"
    if key == "params":
        return f"{value or 0:,}"
    if key in ("dead", "zeros"):
        return percent(value)
    return svg.number(value, 3) if isinstance(value, (int, float)) else value or ""


def replays(doc: dict) -> list[dict]:
    """The replay table with its strips."""
    epochs = doc["curves"]["epochs"]
    if not epochs:
        return []
    rows = []
    for row in doc["replay"]:
        strip = "" if row["error"] else Markup(charts.stop_strip(row, epochs[0], epochs[-1]))
        regret = "–" if row["regret"] is None else f"{row['regret']:.2f} %"
        rows.append({**row, "strip": strip, "regret_text": regret})
    return rows
