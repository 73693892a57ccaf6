"""The smaller network that `compress=on` leaves: both models, side by side."""

from collections.abc import Sequence

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number
from kreg.pages.views import Column, Fold, Piece, Row, Section, Sentence, Table

SIZES = (Column(""), Column("trained", "number"), Column("compressed and refitted", "number"))
WIDTHS = (Column("layer"), *(Column(name, "number") for name in ("shape", "now", "parameters")))


def section(doc: Document) -> Section | None:
    found = doc.get("compressed")
    if not found:
        return None
    body: list[Piece] = [Sentence(told(found), muted=True), Table(SIZES, sizes(found))]
    if changed := widths(found):
        body.append(Fold("Layers", [Table(WIDTHS, changed)]))
    body += map(Sentence, found["notes"])
    return Section("compressed", "The smaller network", body, brief=True)


def told(found: Document) -> str:
    """What was done, in one line."""
    before, after = found["parameters"]
    share = 100 * after / max(before, 1)
    same = number(found["difference"], 2)
    return (
        f"{share:.1f} % of the parameters: what the penalty has made zero is removed (the outputs "
        f"differ by {same} of the largest), then refitted without a penalty for "
        f"{found['refit_epochs']} epochs. compressed.keras loads with plain Keras."
    )


def sizes(found: Document) -> list[Row]:
    """What each model costs and is worth."""
    rows = [
        [name, *(f"{value:,}" for value in found[name])] for name in ("parameters", "operations")
    ]
    if found.get("latency_ms"):
        rows.append(["milliseconds a batch", *(f"{ms:.2f}" for ms in found["latency_ms"])])
    for name, pair in found["metrics"].items():
        rows.append([name.replace("_", " "), *map(number, pair)])
    return [Row(row) for row in rows]


def widths(found: Document) -> list[Row]:
    """The layers that have changed: shape before and after, parameters."""
    return [
        Row([row["layer"], shape(row["shape"]), shape(row["new_shape"]),
             f"{row['new_parameters']:,}"])
        for row in found.get("layers") or []
        if row["shape"] != row["new_shape"]
    ]  # fmt: skip


def shape(extents: Sequence[int]) -> str:
    return " × ".join(map(str, extents))
