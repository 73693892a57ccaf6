"""How good a run is on rows whose truth is known, and how sure that is: 95 % intervals.

Shares have Wilson's interval (1927), means a normal one, a rmse by the delta method, an area under
the ROC curve DeLong's (1988), F1 that of 2,000 resampled tables.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.diagnostics import intervals
from kreg.prediction import truth
from kreg.prediction.answers import Answers
from kreg.prediction.findings import Findings

if TYPE_CHECKING:
    from kreg.prediction.run import Run
    from kreg.prediction.sources import Source

Array = NDArray[Any]
Z = 1.959963984540054  # of 95 %
RESAMPLED = 2_000
TINY = 1e-38  # as Keras's losses, no probability is quite 0
UNKNOWN = "{count} rows are of a class that no training row had: they count as wrong, and are " \
    "left out of the loss."  # fmt: skip
WITHOUT = "{count} rows have no truth and are left out."


@dataclasses.dataclass(frozen=True)
class Score:
    """One number, with the interval that holds its true value in 95 of 100 such samples."""

    name: str
    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores by name: `scores["accuracy"]`; printed as a table.

    Args:
        scores: In the order in which they are printed.
        rows: How many rows were scored.
        total: How many there were.
    """

    scores: list[Score]
    rows: int
    total: int

    def __getitem__(self, name: str) -> float:
        return next(score.value for score in self.scores if score.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        each = {s.name: {"value": s.value, "low": s.low, "high": s.high} for s in self.scores}
        return {"rows": self.rows, "total": self.total, "scores": each}

    def __str__(self) -> str:
        width = max(len(score.name) for score in self.scores)
        lines = [
            f"{s.name:<{width}}  {_shown(s.value)}  [{_shown(s.low)}, {_shown(s.high)}]"
            for s in self.scores
        ]
        count = f"{self.rows:,}" if self.rows == self.total else f"{self.rows:,} of {self.total:,}"
        return "\n".join([*lines, f"{count} rows; in brackets 95 % intervals"])


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
        findings.note("{count} rows cannot be read and are left out.", unread)
    if not known:
        raise ValueError(f"None of the {total:,} rows can be read, so there is nothing to score.")
    scores, count = scored(run, answers, np.concatenate(values), np.concatenate(known), findings)
    return Scores(scores, count, total)


def scored(
    run: "Run", answers: Answers, values: Array, known: Array, findings: Findings
) -> tuple[list[Score], int]:
    """The scores of a task, and of how many rows."""
    there = known != truth.MISSING if known.ndim == 1 else np.isfinite(known).all(axis=1)
    if not there.all():
        findings.note(WITHOUT, int((~there).sum()))
    if not there.any():
        raise ValueError("No row has a truth, so there is nothing to score.")
    values, known = values[there], known[there]
    if run.task == "regression":
        return _regression(run.classes, values, known), len(known)
    if run.task == "multilabel":
        return _labels(values, known), len(known)
    strange = known == truth.UNKNOWN
    if strange.any():
        findings.note(UNKNOWN, int(strange.sum()))
    return _classes(answers, values, known), len(known)


def _classes(answers: Answers, values: Array, known: Array) -> list[Score]:
    right = answers.ids(values) == known
    named = known != truth.UNKNOWN
    found = [share("accuracy", int(right.sum()), len(right))]
    if named.any():
        chance = values[named, known[named]]
        found.append(mean("loss", -np.log(np.maximum(chance, TINY))))
    if answers.kept.task == "binary" and named.any():
        found += _binary(answers.ids(values[named]), values[named, 1], known[named])
    return found


def _binary(said: Array, chance: Array, known: Array) -> list[Score]:
    tp, fp, fn = (int(((said == a) & (known == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1)))
    found = []
    if tp + fp:
        found.append(share("precision", tp, tp + fp))
    if tp + fn:
        found.append(share("recall", tp, tp + fn))
        found.append(f1(tp, fp, fn, len(known)))
    if 0 < known.sum() < len(known):
        found.append(area(chance, known))
    return found


def _labels(values: Array, known: Array) -> list[Score]:
    right = (values >= 0.5) == (known >= 0.5)
    exact = right.all(axis=1)
    return [
        mean("accuracy", right.mean(axis=1)),
        share("exact_match", int(exact.sum()), len(exact)),
    ]


def _regression(names: list[str], values: Array, known: Array) -> list[Score]:
    found = []
    for place, error in enumerate((values - known).T):
        suffix = f"_{names[place]}" if len(names) > 1 else ""
        square, spread = intervals.of_mean(error**2)
        low, high = (math.sqrt(max(square + z * spread, 0.0)) for z in (-Z, Z))
        found.append(Score(f"rmse{suffix}", math.sqrt(square), low, high))
        found.append(mean(f"mae{suffix}", np.abs(error)))
    return found


def mean(name: str, each: Array) -> Score:
    """A mean with a normal interval."""
    value, error = intervals.of_mean(each)
    return Score(name, value, value - Z * error, value + Z * error)


def share(name: str, count: int, rows: int) -> Score:
    """A share with Wilson's interval.

    >>> share("accuracy", 10, 10)
    Score(name='accuracy', value=1.0, low=0.7224671..., high=1.0)
    """
    p, z2 = count / rows, Z * Z / rows
    middle = (p + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(p * (1 - p) / rows + z2 / (4 * rows)) / (1 + z2)
    return Score(name, p, max(middle - half, 0.0), min(middle + half, 1.0))


def f1(tp: int, fp: int, fn: int, rows: int) -> Score:
    """The harmonic mean of precision and recall."""
    cells = np.array([tp, fp, fn, rows - tp - fp - fn])
    drawn = np.random.default_rng(0).multinomial(rows, cells / rows, RESAMPLED)
    each = 2 * drawn[:, 0] / np.maximum(2 * drawn[:, 0] + drawn[:, 1] + drawn[:, 2], 1)
    low, high = np.quantile(each, [0.025, 0.975])
    return Score("f1", 2 * tp / (2 * tp + fp + fn), float(low), float(high))


def area(chance: Array, known: Array) -> Score:
    """The area under the ROC curve: how often a positive row is above a negative one."""
    from scipy.stats import rankdata

    yes, no = chance[known == 1], chance[known == 0]
    rank = rankdata(np.concatenate([yes, no]))
    above = (rank[: len(yes)] - rankdata(yes)) / len(no)
    below = 1 - (rank[len(yes) :] - rankdata(no)) / len(yes)
    value = float(above.mean())
    spread = sum(v.var(ddof=1) / len(v) for v in (above, below) if len(v) > 1)
    half = Z * math.sqrt(spread)
    return Score("roc_auc", value, max(value - half, 0.0), min(value + half, 1.0))
