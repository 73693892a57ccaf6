"""What the final model is worth on its splits, each number with its unit."""

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number
from kreg.pages.views import Column, Row, Section, Table

SPLITS = {"training": "", "validation": "val_", "held-out fold": "fold_", "test": "test_"}


def section(doc: Document) -> Section | None:
    found = doc.get("scores")
    if not found:
        return None
    units, metrics = found["units"], found["metrics"]
    names = [name for name in units if f"clean_{name}" in metrics]
    splits = {split: head for split, head in SPLITS.items() if f"{head}clean_loss" in metrics}
    columns = [Column("clean"), *(Column(split, "number") for split in splits), Column("unit")]
    rows = [
        Row([name, *(number(metrics.get(f"{split}clean_{name}")) for split in splits.values()),
             units[name]])
        for name in names
    ]  # fmt: skip
    return Section("scores", "Scores of the final model", [Table(columns, rows)], brief=True)
