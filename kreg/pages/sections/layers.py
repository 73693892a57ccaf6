"""The layer table: who holds the parameters, and what regularizes them."""

from markupsafe import Markup

from kreg.diagnostics.layer_table import COLUMNS
from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import number, percent
from kreg.pages.views import Cell, Column, Kind, Row, Section, Table

ALWAYS = ("name", "params", "share", "regularization")
KINDS: dict[str, Kind] = {
    "name": "word",
    "share": "word",
    "regularization": "phrase",
}  # all others are numbers
DETAIL = ("per_example", "stable_rank", "update_ratio", "dead")
SHARES = ("dead", "zeros")


def section(doc: Document) -> Section | None:
    layers = doc["layers"]
    if not layers:
        return None
    # the type stands under the name; a column without a value is no column
    keys = [key for key in COLUMNS if key != "type" and (
        key in ALWAYS or any(layer.get(key) is not None for layer in layers))]  # fmt: skip
    columns = [Column(COLUMNS[k], KINDS.get(k, "number"), detail=k in DETAIL) for k in keys]
    rows = [Row([cell(key, layer) for key in keys]) for layer in layers]
    return Section("layers", "Layers", [Table(columns, rows)], lead(doc), brief=True)


def lead(doc: Document) -> str:
    """How many parameters there are for how many examples."""
    totals, examples = doc["totals"], doc["sizes"].get("train")
    counts = [totals["params"]]
    text = f"{totals['params']:,} parameters"
    if totals.get("effective") is not None:
        counts.append(totals["effective"])
        text += f", {totals['effective']:,} of them not zero,"
    if examples:
        each = " and ".join(number(count / examples, 3) for count in counts)
        text += f" for {examples:,} training examples ({each} for each)"
    free = percent(totals["unregularized_share"])
    return (
        f"{text}; nothing regularizes {free} of them. "
        f"The norms say where a layer moves, not why it overfits.{whose(doc)}"
    )


def whose(doc: Document) -> str:
    """Of which weights the table is, where the final model has others."""
    if not any(event["kind"] == "restore" for event in doc["events"]):
        return ""
    return (
        f" All of this is of the weights of epoch {doc['verdict']['epoch']}, with which the "
        "training ended; others were put back after that, and the scores are of those."
    )


def cell(key: str, layer: Document) -> Cell:
    value = layer.get(key)
    if key == "name":
        return Cell(str(value), note=layer.get("type") or "")
    if key == "share":
        return Cell(
            percent(value or 0.0), drawing=bar(value or 0.0, bool(layer.get("unregularized")))
        )
    if key == "regularization":
        return regularization(layer)
    if key == "params":
        return Cell(f"{value or 0:,}")
    return Cell(percent(value) if key in SHARES else number(value, 3))


def regularization(layer: Document) -> Cell:
    """What regularizes the layer; `nothing` where it has trainable parameters and no penalty."""
    if layer.get("regularization"):
        return Cell(layer["regularization"])
    if layer.get("unregularized"):
        return Cell("nothing", "bad")
    return Cell("frozen" if layer.get("params") else "")


def bar(share: float, bare: bool) -> Markup:
    colour = "bar bad" if bare else "bar train"
    parts = [svg.rect(0, 0, 48, 8, "track", rx=4), svg.rect(0, 0, 48 * share, 8, colour, rx=4)]
    return svg.spark(48, 8, parts)
