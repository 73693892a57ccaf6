"""What the final model is worth on its splits, each number with its unit."""

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number
from kreg.pages.sections.evaluation import threshold
from kreg.pages.views import Column, Piece, Row, Section, Sentence, Table

SPLITS = {"training": "", "validation": "val_", "held-out fold": "fold_", "test": "test_"}
LIKELIEST = "A row is of the likelier class here, whatever the threshold above is."
AS_TRAINED = "They are of the model as trained; best.keras is calibrated, and has the losses below."


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
    body: list[Piece] = [Table(columns, rows)]
    if doc.get("calibrated"):
        body.append(Sentence(AS_TRAINED, muted=True))
    if doc["evaluation"] and threshold(doc["evaluation"]):
        body.append(Sentence(LIKELIEST, muted=True))
    return Section("scores", "Scores of the final model", body, brief=True)
