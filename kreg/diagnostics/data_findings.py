"""What is known about the data and limits every verdict: leaks, outliers, shifts, noisy labels."""

from typing import Any

from kreg.diagnostics.record import Record

# how the data's checks write what makes a validation loss flatter
FLATTERS = (
    "are also training rows", "alone predicts the target", "have rows in train and in validation",
)  # fmt: skip
SHIFT = "not from one distribution"
GROUPS = (
    "data.group puts whole groups on one side, and the groups differ: more groups, or inputs that "
    "are measured within each group, are what would help."
)


def data_findings(record: Record) -> list[str]:
    """Sentences, the most telling ones first.

    >>> data_findings(Record(inputs={"found": ["t: column 'a' alone predicts the target (1.0)."]}))
    ["t: column 'a' alone predicts the target (1.0)."]
    """
    found = [s for s in record.inputs.get("found", []) if any(part in s for part in FLATTERS)]
    rows = record.inputs.get("rows_found", [])
    memory = any(FLATTERS[0] in sentence for sentence in found)
    found += [s for s in rows if not (memory and "training rows as well" in s)]
    if any(SHIFT in sentence for sentence in rows) and told(record, "group"):
        found.append(GROUPS)
    noise = label_noise(record)
    if noise:
        found.append(
            f"data.label_noise={noise:g} has put wrong labels among the training rows: a model "
            "that fits them all has memorised noise."
        )
    return found


def label_noise(record: Record) -> float:
    """The share of wrong training labels that the configuration asked for."""
    return float(told(record, "label_noise") or 0.0)


def told(record: Record, key: str) -> Any:
    """A key of the configuration's `data` group, or `None`."""
    data: Any = record.settings.get("data")
    return data.get(key) if isinstance(data, dict) else None
