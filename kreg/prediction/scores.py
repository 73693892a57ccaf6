"""How good a run is on rows whose truth is known, and how sure that is: 95 % intervals."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.prediction import truth
from kreg.prediction.answers import Answers
from kreg.prediction.findings import Findings
from kreg.scoring import tasks
from kreg.scoring.classes import ClassScore
from kreg.scoring.score import Score

if TYPE_CHECKING:
    from kreg.prediction.run import Run
    from kreg.prediction.sources import Source

Array = NDArray[Any]
SHOWN = 20  # classes that are printed
STRANGE = (
    "{count} row{s} of a class that no training row had: wrong, and left out of the loss and of "
    "the tables."
)
WITHOUT = "{count} row{s} without truth left out."


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores by name: `scores["accuracy"]`; printed as a table.

    Args:
        scores: In the order in which they are printed.
        rows: How many rows were scored.
        total: How many there were.
        notes: What is unusual about the rows, in sentences.
        classes: Precision, recall and F1 of each class or label; empty for a regression.
        confusion: How often a row of class `i` is told to be of `j`; `None` but for classes.
    """

    scores: list[Score]
    rows: int
    total: int
    notes: list[str] = dataclasses.field(default_factory=list)
    classes: list[ClassScore] = dataclasses.field(default_factory=list)
    confusion: NDArray[np.int64] | None = None

    def __getitem__(self, name: str) -> float:
        return next(score.value for score in self.scores if score.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        found: dict[str, Any] = {"rows": self.rows, "total": self.total}
        found["scores"] = {score.name: score.to_dict() for score in self.scores}
        if self.classes:
            found["classes"] = [one.to_dict() for one in self.classes]
        if self.confusion is not None:
            found["confusion"] = self.confusion.tolist()
        return found

    def __str__(self) -> str:
        width = max(len(score.name) for score in self.scores)
        lines = [
            f"{s.name:<{width}}  {_shown(s.value)}  [{_shown(s.low)}, {_shown(s.high)}]"
            for s in self.scores
        ]
        count = f"{self.rows:,}" if self.rows == self.total else f"{self.rows:,} of {self.total:,}"
        lines.append(f"{count} rows; in brackets 95 % intervals")
        return "\n".join([*lines, *_each_class(self.classes)])


def _each_class(classes: list[ClassScore]) -> list[str]:
    """A table with a line for each class."""
    if not classes:
        return []
    width = max(len("class"), *(len(one.name) for one in classes[:SHOWN]))
    lines = ["", f"{'class':<{width}}  precision  recall  f1      rows"]
    for one in classes[:SHOWN]:
        shares = (_share(one.precision), _share(one.recall), _share(one.f1))
        lines.append("{:<{}}  {:<9}  {}  {}  {:,}".format(one.name, width, *shares, one.rows))
    more = len(classes) - SHOWN
    return lines + [f"and {more:,} more classes; --out FILE writes them all"] * (more > 0)


def _share(value: float | None) -> str:
    return "-     " if value is None else f"{value:.4f}"


def _shown(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= 1e4 else f"{value:.4f}"


def of(
    run: "Run",
    source: "Source",
    batch_size: int | None,
    findings: Findings,
    shown: Callable[[int], None] = lambda done: None,
) -> Scores:
    """The scores of a run on a source with its truth.

    Args:
        run: The run.
        source: With `truth` in its blocks.
        batch_size: Rows at once.
        findings: Where what is unusual is counted.
        shown: Called with how far it is.

    Raises:
        ValueError: If no row can be scored.
    """
    answers = Answers(run.kept, words=False)
    values, known, total = [], [], 0
    for block, said in run.answered(source, answers, batch_size, findings):
        total += len(block)
        good = block.reasons == ""
        if good.any():
            values.append(said.to_numpy(np.float64))
            known.append(truth.coded(run.kept, block.truth)[good])
        shown(block.done)
    unread = total - sum(map(len, known))
    if unread:
        findings.note("{count} row{s} that cannot be read left out.", unread)
    if not known:
        raise ValueError(f"None of the {total:,} rows can be read, so there is nothing to score.")
    found = scored(run, answers, np.concatenate(values), np.concatenate(known), findings)
    return Scores(
        found.scores, found.rows, total, findings.sentences(), found.classes, found.confusion
    )


def scored(
    run: "Run", answers: Answers, values: Array, known: Array, findings: Findings
) -> tasks.Scored:
    """The scores of the rows that have a truth."""
    there = known != truth.MISSING if known.ndim == 1 else np.isfinite(known).all(axis=1)
    if not there.all():
        findings.note(WITHOUT, int((~there).sum()))
    if not there.any():
        raise ValueError("No row has a truth, so there is nothing to score.")
    values, known = values[there], known[there]
    strange = int((known == tasks.UNKNOWN).sum()) if known.ndim == 1 else 0
    if strange:
        findings.note(STRANGE, strange)
    return tasks.of(run.task, values, known, run.classes, answers.threshold)
