"""What the kept model is worth on rows that chose nothing: scores, classes, curves, residuals."""

from collections.abc import Iterator

from kreg.diagnostics.report_document import Document
from kreg.pages.formatting import number, percent
from kreg.pages.sections import evaluation_figures as figures
from kreg.pages.views import (
    Beside,
    Column,
    Figure,
    Fold,
    Piece,
    Row,
    Section,
    Sentence,
    Subtitle,
    Table,
)

SCORES = (Column("score"), Column("value", "number"), Column("95 % interval", "number"),
          Column("unit", spare=1))  # fmt: skip
CLASSES = (Column("class"), *(Column(name, "number") for name in ("precision", "recall", "F1",
           "rows")))  # fmt: skip
SHOWN, FOLDED = 30, 1000  # classes
HALF = 0.5
TARGETS = 4  # whose residuals are drawn
PAIRS = 5
NO_TEST = "There are no test rows. These have chosen the epoch, so the scores are too good."


def section(doc: Document) -> Section | None:
    found = doc["evaluation"]
    if not found:
        return None
    body: list[Piece] = [scores(found)]
    if told := threshold(found):
        body.append(Sentence(f"A row is told to be {told}.", muted=True))
    body += [*of_classes(found), *of_two(found), *of_targets(found)]
    title = f"On the {found['split']} rows"
    return Section("evaluation", title, body, lead(found), brief=True)


def lead(found: Document) -> str:
    """Of which rows, and whose model."""
    rows, total = found["rows"], found["total"]
    counted = f"{rows:,}" if rows == total else f"{rows:,} of {total:,}, at even distances,"
    told = (
        f"Of the model that is kept, on {counted} rows that neither trained it nor chose its epoch."
    )
    if found["split"] != "test":
        told = f"Of the model that is kept, on {counted} rows. {NO_TEST}"
    return told


def threshold(found: Document) -> str:
    """`benign from a probability of 0.8503 on`, where a threshold was chosen."""
    roc = found["roc"]
    if not roc or roc["threshold"] == HALF:
        return ""
    return f"`{found['names'][1]}` from a probability of {number(roc['threshold'])} on"


def scores(found: Document) -> Table:
    rows = [
        Row([one["name"], number(one["value"]), interval(one), one["unit"]])
        for one in found["scores"]
    ]
    return Table(SCORES, rows)


def interval(one: Document) -> str:
    """Both ends, or a dash for each that nobody knows."""
    return f"{number(one['low'])} to {number(one['high'])}"


def of_classes(found: Document) -> Iterator[Piece]:
    """Who is taken for whom, and the scores of each class or label."""
    classes = found["classes"]
    if not classes:
        return
    if found["confusion"]:
        names = [one["name"] for one in classes]
        yield Subtitle("Confusion matrix")
        drawing, width = figures.confusion(found["confusion"], names)
        yield Figure(drawing, width=width)
    if found["pairs"]:
        yield Sentence(f"Most often taken for another: {mistaken(found['pairs'])}.", muted=True)
    worst = sorted(classes, key=lambda one: 0.0 if one["f1"] is None else one["f1"])
    first = classes if len(classes) <= SHOWN else worst
    yield table(first[:SHOWN])
    if more := first[SHOWN:FOLDED]:
        yield Fold(f"{len(more):,} classes with a larger F1", [table(more)])


def mistaken(pairs: list[Document]) -> str:
    """The commonest mistakes, in words."""
    return "; ".join(
        f"`{pair['truth']}` for `{pair['told']}` ({pair['rows']:,})" for pair in pairs[:PAIRS]
    )


def table(classes: list[Document]) -> Table:
    return Table(
        CLASSES,
        [Row([one["name"], *(number(one[key]) for key in ("precision", "recall", "f1")),
              f"{one['rows']:,}"]) for one in classes],
    )  # fmt: skip


def of_two(found: Document) -> Iterator[Piece]:
    """The ROC curve and the calibration of two classes."""
    sides: list[list[Piece]] = []
    if roc := found["roc"]:
        (area,) = (one for one in found["scores"] if one["name"] == "roc_auc")
        told = f"ROC curve: area {number(area['value'])}"
        sides.append([Subtitle(told), Figure(figures.roc(roc), width=400)])
    side = found["reliability"]
    if side and side["bins"]:
        name = found["names"][1]
        told = f"Calibration of {name}: off by {percent(side['ece'])} on average"
        sides.append([Subtitle(told), Figure(figures.reliability(side, name), width=400)])
    if sides:
        yield Beside(sides)


def of_targets(found: Document) -> Iterator[Piece]:
    """Predictions against truth, and what is left, target by target."""
    drawn = [list(of_target(one, found)) for one in found["targets"]]
    for pieces in drawn[:TARGETS]:
        yield from pieces
    if more := drawn[TARGETS:]:
        yield Fold(f"{len(more):,} more targets", [piece for pieces in more for piece in pieces])


def of_target(one: Document, found: Document) -> Iterator[Piece]:
    name = one["name"] or next(iter(found["target"]), "the target")
    far = one["error_quantiles"]
    yield Sentence(
        f"Half of the predictions of `{name}` are within {number(far['half'])}, nine tenths within "
        f"{number(far['nine_tenths'])}, all within {number(far['all'])}. On average they are off "
        f"by {number(one['bias']['value'], sign=True)} ({interval(one['bias'])}).",
        muted=True,
    )
    sides: list[list[Piece]] = [
        [Subtitle("Predictions against truth"), Figure(figures.predicted(one))],
        [Subtitle("Residuals: prediction less truth"), Figure(figures.residuals(one))],
    ]
    yield Beside(sides)
