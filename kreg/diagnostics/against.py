"""One run held against another: what is better, by how much, and how sure that is."""

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from kreg.diagnostics.record import Record
from kreg.diagnostics.report_document import Document
from kreg.diagnostics.report_schema import Against, Compared
from kreg.diagnostics.statistics import paired_se
from kreg.metric_names import known_direction

SURE = 0.95  # from which a difference is said to be one
ROUNDING = 1e-6  # share of a number that a log of 32 bits may have lost
ONE_EACH = (
    "This compares two trainings, one each: another seed may turn it. `seeds=5`, `data.folds=5` or "
    "`kreg.search` compare settings."
)
OTHER_ROWS = "The two were validated on different rows"
UNKNOWN_ROWS = "It is not known that both were validated on the same rows"
INDEPENDENT = "{}, so the error is that of two independent sets, which is larger."


def against(here: tuple[Document, Record | None], there: tuple[Document, Record | None]) -> Against:
    """What a run has gained over a baseline.

    The validation losses are those of each run's best epoch. Where both runs have the single losses
    of the same rows, their difference has the error `sd(d) / sqrt(n)` of paired differences d; else
    `sqrt(SE^2 + SE^2)` of two independent sets. `sure` is the normal probability, over other rows
    of the same kind, that the sign of the difference is right.

    Args:
        here: Document and record of the run, as `kreg.diagnostics.sources.load` returns them.
        there: The same of the baseline.
    """
    (one, record), (other, before) = here, there
    unlike = why_not(one, other) or other_units(one, other)
    paired = None if unlike else same_rows(record, before)
    first = difference(one["verdict"]["monitor"], best(one), best(other))
    if not unlike:
        first = judged(first, error(one, other, record, before, paired))
    scores = [] if why_not(one, other) else list(metrics(one, other))
    losses = [first, *(number for number in scores if number["name"].endswith("loss"))]
    numbers = [first, *scores, *sizes(one, other)]
    if unlike:
        numbers = [apart(number) if number in losses else number for number in numbers]
    test = "none" if first["sure"] is None else "paired" if paired else "unpaired"
    notes = [INDEPENDENT.format(why_unpaired(record, before))] if test == "unpaired" else []
    return {
        "name": str(other["name"]),
        "sentence": unlike or sentence(first, test, paired),
        "state": other["verdict"]["state"],
        "headline": other["verdict"]["headline"],
        "test": test,
        "rows": paired or None,
        "numbers": [number for number in numbers if known(number)],
        "notes": [*notes, ONE_EACH],
    }


def why_not(one: Document, other: Document) -> str:
    """Why the losses of two documents cannot be held against each other; empty where they can."""
    for what in ("task", "loss"):
        if one[what] and other[what] and one[what] != other[what]:
            return (
                f"The {what} is {one[what]} here and {other[what]} there: no loss can be compared."
            )
    mine, theirs = one["verdict"]["monitor"], other["verdict"]["monitor"]
    if mine != theirs:
        return f"{mine} was judged here and {theirs} there: they are not of one kind."
    return ""


def other_units(one: Document, other: Document) -> str:
    """Why the losses have no common unit, as of targets scaled by other training rows."""
    here, there = ((doc["inputs"].get("units") or {}).get("loss") for doc in (one, other))
    if here is None or there is None or here == there:
        return ""
    return (
        f"The loss is {here} here, and {there} there: no loss can be compared. Errors in the "
        "target's own units can."
    )


def apart(number: Compared) -> Compared:
    """Two values that stand beside each other and have no difference."""
    return {**number, "difference": None, "better": None}


def best(document: Document) -> float | None:
    found: float | None = document["verdict"]["best_loss"]
    return found


def difference(name: str, here: float | None, there: float | None) -> Compared:
    """Both values and their difference; which is better where the name tells the direction."""
    found = None if here is None or there is None else apart_by(here, there)
    way = known_direction(name)
    better: Literal["here", "there"] | None = None
    if found and way is not None:
        better = "here" if (found < 0) == (way == "min") else "there"
    return {"name": name, "here": here, "there": there, "difference": found,
            "error": None, "sure": None, "better": better}  # fmt: skip


def apart_by(here: float, there: float) -> float:
    """The difference of two numbers; none where it may be rounding."""
    return 0.0 if math.isclose(here, there, rel_tol=ROUNDING) else here - there


def judged(number: Compared, error: float | None) -> Compared:
    """The number with the error of its difference, and how sure its sign is."""
    found = number["difference"]
    if found is None or error is None or not math.isfinite(error):
        return number
    sure = 0.5 if found == 0 else 1.0 if error == 0 else NormalDist().cdf(abs(found) / error)
    return {**number, "error": error, "sure": sure}


def same_rows(one: Record | None, other: Record | None) -> int:
    """How many rows both runs have the single losses of, 0 where these are not the same rows."""
    if one is None or other is None:
        return 0
    mine, theirs = one.inputs.get("validation_rows"), other.inputs.get("validation_rows")
    if not mine or mine != theirs:
        return 0
    rows = [at_best(one), at_best(other)]
    return len(rows[0]) if all(map(len, rows)) and len(rows[0]) == len(rows[1]) else 0


def why_unpaired(one: Record | None, other: Record | None) -> str:
    mine, theirs = (run and run.inputs.get("validation_rows") for run in (one, other))
    return OTHER_ROWS if mine and theirs and mine != theirs else UNKNOWN_ROWS


def at_best(record: Record) -> np.ndarray:
    """The single validation losses of the epoch with the smallest validation loss."""
    there = [i for i, rows in enumerate(record.examples) if rows is not None]
    means = [float(np.mean(record.examples[i])) for i in there]  # type: ignore[arg-type]
    finite = [(mean, i) for mean, i in zip(means, there) if math.isfinite(mean)]
    found = record.examples[min(finite)[1]] if finite else None
    return np.empty(0) if found is None else found.astype(float)


def error(
    one: Document,
    other: Document,
    record: Record | None,
    before: Record | None,
    paired: int | None,
) -> float | None:
    """The standard error of the difference of both best validation losses."""
    if paired and record is not None and before is not None:
        return paired_se(rows_at(one, record) - rows_at(other, before))
    errors = [standard_error(document) for document in (one, other)]
    known = [e for e in errors if e is not None]
    return math.hypot(*known) if len(known) == 2 else None


def rows_at(document: Document, record: Record) -> np.ndarray:
    """The single losses at the document's best epoch."""
    epoch = document["verdict"]["best_epoch"]
    rows = record.examples[record.epochs.index(epoch)] if epoch in record.epochs else None
    return at_best(record) if rows is None else rows.astype(float)


def standard_error(document: Document) -> float | None:
    """Of the validation loss at the best epoch, from the curve that the document keeps."""
    curves, epoch = document["curves"], document["verdict"]["best_epoch"]
    values = curves.get("val_standard_error") or []
    at = curves["epochs"].index(epoch) if epoch in curves["epochs"] else len(values)
    found: float | None = values[at] if at < len(values) else None
    return found


def metrics(one: Document, other: Document) -> Iterator[Compared]:
    """Metrics at the best epoch, then the scores of both final models on their test rows."""
    theirs = {row["name"]: row for row in other["metrics"]}
    side = "val_clean_" if one["verdict"]["honest"] else "val_"
    for row in one["metrics"]:
        if row["name"] in theirs:
            yield difference(f"{side}{row['name']}", row["best"], theirs[row["name"]]["best"])
    mine, scores = ((doc["scores"] or {}).get("metrics", {}) for doc in (one, other))
    for name in mine:
        if name.startswith("test_") and name in scores:
            yield difference(name, mine[name], scores[name])


def sizes(one: Document, other: Document) -> Iterator[Compared]:
    """When each was at its best, how long it trained, and how large it is."""

    def pair(name: str, here: Any, there: Any) -> Compared:
        found = difference(name, here or None, there or None)
        return {**found, "better": None}

    yield pair("best epoch", *(doc["verdict"]["best_epoch"] for doc in (one, other)))
    yield pair("epochs", *((doc["curves"]["epochs"] or [None])[-1] for doc in (one, other)))
    yield pair("parameters", *(doc["totals"]["params"] for doc in (one, other)))
    yield pair("parameters that are not 0", *(doc["totals"]["effective"] for doc in (one, other)))


def known(number: Compared) -> bool:
    return number["here"] is not None and number["there"] is not None


def sentence(number: Compared, test: str, rows: int | None) -> str:
    """The answer in words."""
    found, there = number["difference"], number["there"]
    if found is None or there is None or number["here"] is None:
        return "One of the two has no finite validation loss: there is nothing to compare."
    if found == 0:
        return f"No difference: {number['name']} is {number['here']:.4g} in both."
    share = f", {abs(found / there):.1%} {'less' if found < 0 else 'more'}" if there else ""
    told = f"{number['name']} {number['here']:.4g} instead of {there:.4g}{share}"
    word = "better" if found < 0 else "worse"
    if number["sure"] is None:
        return f"This run looks {word}: {told}; how sure that is cannot be computed."
    how = f"{sureness(number['sure'])} sure, {test} test" + (f" over {rows:,} rows" if rows else "")
    if number["sure"] < SURE:
        return f"This run looks {word}, but these rows cannot tell it from chance: {told} ({how})."
    return f"This run is {word}: {told} ({how})."


def sureness(sure: float) -> str:
    """A probability in percent; a normal approximation knows nothing beyond 99 %.

    >>> sureness(0.97), sureness(0.9999)
    ('97 %', '> 99 %')
    """
    return "> 99 %" if sure > 0.99 else f"{100 * sure:.0f} %"
