"""The panel on the data: sizes, classes, hardest examples, and what was found before training."""

from kreg.diagnostics import svg


def facts(doc: dict) -> list[tuple[str, str]]:
    """Sizes, and what the validation set can see."""
    sizes, found = doc["sizes"], []
    names = {"train": "training rows", "validation": "validation rows",
             "measured": "rows measured on each side", "classes": "classes"}  # fmt: skip
    found += [(label, f"{sizes[key]:,}") for key, label in names.items() if sizes.get(key)]
    found += [
        (f"loss of guessing, {side} rows", svg.number(numbers["loss"], 4))
        for side, numbers in doc["baseline"].items()
    ]
    resolution = doc["resolution"]
    if resolution:
        found.append(("smallest difference seen between two models",
                      svg.number(resolution["between_models"], 3)))  # fmt: skip
        if resolution["between_epochs"] is not None:
            found.append(("between two epochs of this run",
                          svg.number(resolution["between_epochs"], 3)))  # fmt: skip
    extra = {"task": doc["task"], "loss": doc["loss"]}
    return found + [(key, value) for key, value in extra.items() if value]


def class_name(doc: dict, label) -> str:
    """The name of a class id where the data have names, else the label itself."""
    names = doc["inputs"].get("class_names") or []
    classes = doc["task"] in ("classification", "binary")
    if label is None:
        return "–"
    if classes and str(label).isdigit() and int(label) < len(names):
        return names[int(label)]
    return str(label) if classes else svg.number(label, 4)


def classes(doc: dict) -> list[dict]:
    """One row a class: its name and its share on both sides, in [0, 1]."""
    sides = doc["inputs"].get("balance") or {}
    ids = dict.fromkeys(label for side in sides.values() for label in side)
    totals = {name: sum(side.values()) or 1 for name, side in sides.items()}
    return [
        {
            "name": class_name(doc, label),
            "train": share(sides, totals, "train", label),
            "validation": share(sides, totals, "validation", label),
        }
        for label in ids
    ]


def share(sides: dict, totals: dict, name: str, label: str) -> float | None:
    return sides[name].get(label, 0) / totals[name] if name in sides else None


def hardest(doc: dict) -> list[dict]:
    """The training examples with the largest clean losses."""
    return [
        {**row, "label": class_name(doc, row["label"])}
        for row in doc["inputs"].get("hardest") or []
    ]


def found(doc: dict) -> list[str]:
    """What the checks of the data said before training."""
    return list(doc["inputs"].get("found") or [])
