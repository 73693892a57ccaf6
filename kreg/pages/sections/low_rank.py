"""The ranks that `finetune=lora` has chosen, layer by layer."""

from kreg.diagnostics.report_document import Document
from kreg.pages.views import Column, Row, Section, Sentence, Table

COLUMNS = (Column("layer"), Column("rank", "number"), Column("at most", "number"))


def section(doc: Document) -> Section | None:
    found = doc.get("low_rank")
    if not found:
        return None
    rows = [Row([one["layer"], str(one["rank"]), str(one["most"])]) for one in found["layers"]]
    return Section("low_rank", "Low-rank changes", [Sentence(told(found)), Table(COLUMNS, rows)])


def told(found: Document) -> str:
    """How much of the room that there was is used, in one line."""
    changed = sum(one["rank"] > 0 for one in found["layers"])
    most = sum(one["most"] for one in found["layers"])
    return (
        f"Of the rank of {most:,} that the changes could have, the group lasso has left "
        f"{found['rank']:,}, in {changed:,} of {len(found['layers']):,} layers; the others are as "
        "they were loaded. The saved models hold the changes merged into their kernels."
    )
