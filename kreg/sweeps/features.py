"""How often each column was chosen over the seeds and folds of a setting."""

from collections import Counter
from typing import Any

from kreg.pages.formatting import number
from kreg.pages.views import Column, Fold, Piece, Row, Section, Sentence, Table
from kreg.sweeps.reading import Sweep
from kreg.sweeps.results import RESULT, read_json
from kreg.sweeps.settings import chosen, settings

SHOWN, FOLDED = 30, 1000
HEADS = (Column("column"), Column("chosen in", "number"), Column("mean weight", "number"))


def section(sweep: Sweep) -> Section | None:
    """The columns of the chosen setting; `None` where no run has left one out."""
    found = selections(sweep)
    if len(found) < 2 or all(one["count"] == one["total"] for one in found):
        return None
    counts = Counter(row["name"] for one in found for row in one["selected"])
    means = {name: mean_weight(found, name) for name in counts}
    order = sorted(counts, key=lambda name: (-counts[name], -abs(means[name] or 0.0), name))
    rows = [Row([name, f"{counts[name]} of {len(found)}", number(means[name], sign=True)])
            for name in order]  # fmt: skip
    body: list[Piece] = [Table(HEADS, rows[:SHOWN])]
    if rows[SHOWN:]:
        body.append(Fold(f"{len(rows) - SHOWN:,} more", [Table(HEADS, rows[SHOWN:FOLDED])]))
    return Section("features", "Chosen columns", [Sentence(told(sweep)), *body])


def told(sweep: Sweep) -> str:
    """One sentence: how many columns, and how many of them every time; empty where none left."""
    found = selections(sweep)
    if len(found) < 2 or all(one["count"] == one["total"] for one in found):
        return ""
    counts = Counter(row["name"] for one in found for row in one["selected"])
    always = sum(count == len(found) for count in counts.values())
    sizes = sorted(one["count"] for one in found)
    each = f"{sizes[0]:,}" if sizes[0] == sizes[-1] else f"{sizes[0]:,} to {sizes[-1]:,}"
    return (
        f"Of {found[0]['total']:,} columns it chooses {each}: {always:,} in all {len(found)} "
        f"trainings, {len(counts):,} in any."
    )


def selections(sweep: Sweep) -> list[dict[str, Any]]:
    """What the runs of the chosen setting have selected; those of version 0.1 had no weights."""
    if sweep.done.empty or "path" not in sweep.done:  # of trainings without a directory
        return []
    runs = chosen(sweep, settings(sweep)).runs
    found = [(read_json(path / RESULT) or {}).get("features") for path in runs["path"]]
    return [one for one in found if one and "count" in one]


def mean_weight(found: list[dict[str, Any]], name: str) -> float | None:
    """The mean over the trainings, zero where the column was left out; `None` for one a class."""
    weights = [row["weight"] for one in found for row in one["selected"] if row["name"] == name]
    if not all(isinstance(weight, int | float) for weight in weights):
        return None
    return float(sum(weights)) / len(found)
