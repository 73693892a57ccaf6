"""The data: sizes, what was found before training, classes, hardest examples."""

from collections.abc import Mapping

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import NOTHING, number, percent
from kreg.pages.views import (
    Cell,
    Column,
    Facts,
    Fold,
    Item,
    Items,
    Piece,
    Row,
    Section,
    Subtitle,
    Table,
)

SIDES = {"train": "training rows", "validation": "validation rows"}
SIZES = {"measured": "rows measured on each side", "classes": "classes"}
RESOLUTION = {
    "between_models": "smallest difference seen between two models",
    "between_epochs": "between two epochs of this run",
}
CLASSES = (Column("class"), Column("training", "number"), Column("validation", "number"))
HARDEST = (Column("row", "number"), Column("label"), Column("clean loss", "number"),
           Column("predicted"))  # fmt: skip
FEW = 5  # classes that need not be folded away


def section(doc: Document) -> Section:
    body: list[Piece] = [Facts(facts(doc))]
    if found := doc["inputs"].get("found"):
        body += [Subtitle("Found before training"), Items([Item(line) for line in found])]
    if shares := classes(doc):
        table = Table(CLASSES, shares)
        body.append(Fold("Classes in the measured rows", [table], open=len(shares) <= FEW))
    if examples := hardest(doc):
        summary = "Hardest training examples: look at their labels"
        body.append(Fold(summary, [Table(HARDEST, examples)]))
    return Section("data", "Data", body, half=True)


def facts(doc: Document) -> list[tuple[str, str]]:
    """Sizes, and what the validation set can see."""
    sizes, seen = doc["sizes"], doc["resolution"] or {}
    found = [(label, text) for side, label in SIDES.items() if (text := rows(sizes, side))]
    found += [(label, f"{sizes[key]:,}") for key, label in SIZES.items() if sizes.get(key)]
    found += [(f"loss of guessing, {side} rows", number(numbers["loss"]))
              for side, numbers in doc["baseline"].items()]  # fmt: skip
    found += [(label, number(seen[key], 3)) for key, label in RESOLUTION.items()
              if seen.get(key) is not None]  # fmt: skip
    found += [(key, doc[key]) for key in ("task", "loss") if doc[key]]
    if weights := doc["inputs"].get("class_weight"):
        each = ", ".join(f"{name} {number(weight, 3)}" for name, weight in weights.items())
        found.append(("class weights in the training loss, not in the scores", each))
    if speed := doc["pictures"]:
        found.append((speed.get("of", "pictures"), speed["told"]))
    measured = doc["inputs"].get("units", {}).get("loss")
    return found + ([("unit of the losses", measured)] if measured else [])


def rows(sizes: Mapping[str, int], side: str) -> str:
    """How many rows a side has, and how many of them the clean losses are means of.

    >>> rows({"train": 1200, "measured_train": 512}, "train")
    '1,200, of which 512 are measured'
    """
    total, measured = sizes.get(side, 0), sizes.get(f"measured_{side}", 0)
    if not total:
        return f"{measured:,} are measured" if measured else ""
    return (
        f"{total:,}, of which {measured:,} are measured" if 0 < measured < total else f"{total:,}"
    )


def class_name(doc: Document, label: str | int | float | None) -> str:
    """The name of a class id where the data have names, else the label itself."""
    names = doc["inputs"].get("class_names") or []
    if label is None:
        return NOTHING
    if doc["task"] not in ("classification", "binary"):
        return number(in_own_units(doc, float(label)))
    known = str(label).isdigit() and int(label) < len(names)
    return str(names[int(label)]) if known else str(label)


def in_own_units(doc: Document, label: float) -> float:
    """A value of a single target as the user's data have it."""
    target = doc["inputs"].get("target") or {}
    if len(target.get("scale", ())) != 1:
        return label
    return label * float(target["scale"][0]) + float(target["mean"][0])


def classes(doc: Document) -> list[Row]:
    """One row a class: its share on both sides."""
    sides = doc["inputs"].get("balance") or {}
    shares = {side: {label: count / (sum(counts.values()) or 1) for label, count in counts.items()}
              for side, counts in sides.items()}  # fmt: skip
    labels = dict.fromkeys(label for side in shares.values() for label in side)
    return [
        Row([class_name(doc, label), *(percent(shares[side].get(label, 0.0) if side in shares
             else None) for side in ("train", "validation"))])
        for label in labels
    ]  # fmt: skip


def hardest(doc: Document) -> list[Row]:
    """The training examples with the largest clean losses."""
    words = {None: Cell(NOTHING), True: Cell("right"), False: Cell("wrong", "bad")}
    return [
        Row([str(row["index"]), class_name(doc, row["label"]), number(row["loss"], 3),
             words[row["right"]]])
        for row in doc["inputs"].get("hardest") or []
    ]  # fmt: skip
