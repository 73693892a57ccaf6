"""Cross-validation of a path: the error at every strength, and the two strengths people choose.

`min` has the smallest mean error over the folds; `1se` is the strongest one whose error is within
one standard error of it: the smallest model that the folds cannot tell from the best one (Breiman
et al., 1984; Friedman, Hastie & Tibshirani, 2010).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from kreg.procedures.lasso_path.rows import Encoded, Part
from kreg.procedures.lasso_path.solvers import Floats, Path, both, log_losses, squared_errors


@dataclass(frozen=True)
class CrossValidated:
    """The errors of the held-out rows; squared in the target's units, or in nats.

    Args:
        error: Array `(strengths,)`, the mean over the folds, each by its rows.
        standard_error: Array `(strengths,)`, of that mean.
        accuracy: The same share of right classes, or `None`.
        chosen: Array `(folds, strengths, columns)`: whether a column had a weight.
        features: Array `(folds, strengths)`: how many, those that only a fold knows included.
        unsolved: How many solutions missed the tolerance.
    """

    error: Floats
    standard_error: Floats
    accuracy: Floats | None
    chosen: NDArray[np.bool_]
    features: NDArray[np.int64]
    unsolved: int

    def place(self, choice: str) -> int:
        """Where in the path the strength of `"min"` or `"1se"` is."""
        best = int(np.argmin(self.error))
        if choice == "min":
            return best
        near = self.error[: best + 1] <= self.error[best] + self.standard_error[best]
        return int(np.argmax(near))


def follow(part: Part, strengths: Floats, squared: bool, scale: float) -> Path:
    """The path of some rows; the target is divided by `scale`, as a training of kreg divides it."""
    if squared:
        return squared_errors(part.x, part.y / scale, strengths, part.weight)
    return log_losses(part.x, part.y, strengths, part.weight)


def losses(path: Path, part: Part, squared: bool, scale: float) -> Floats:
    """The loss of each row at each strength, `(strengths, rows)`."""
    outputs = path.outputs(part.x)
    if squared:
        found: Floats = (outputs[:, :, 0] * scale - part.y[:, 0]) ** 2
        return found
    return np.array([cross_entropy(scores, part.y) for scores in outputs])


def cross_entropy(scores: Floats, y: Floats) -> Floats:
    """Of each row, in nats, from logits."""
    truth = y if y.shape[1] > 1 else np.column_stack([1 - y, y])
    found: Floats = -(truth * log_softmax(both(scores), axis=1)).sum(axis=1)
    return found


def right(path: Path, part: Part) -> NDArray[np.bool_]:
    """Whether each row's class is predicted at each strength, `(strengths, rows)`."""
    truth = part.y.argmax(axis=1) if part.y.shape[1] > 1 else part.y[:, 0]
    told = np.array([both(scores).argmax(axis=1) for scores in path.outputs(part.x)])
    found: NDArray[np.bool_] = told == truth
    return found


def cross_validated(
    folds: Iterable[Encoded], strengths: Floats, names: Sequence[str], squared: bool, scale: float
) -> CrossValidated:
    """Follow the path in every fold.

    Args:
        folds: The folds' rows.
        strengths: Falling numbers > 0; a fold whose path ends before the last one keeps its last
            solution from there on.
        names: The columns that are counted.
        squared: Whether the target is a number.
        scale: What the target is divided by.
    """
    place = {name: i for i, name in enumerate(names)}
    errors, rights, counts, chosen, features, unsolved = [], [], [], [], [], 0
    for fold in folds:
        path = follow(fold.train, strengths, squared, scale)
        unsolved += path.unsolved
        longer = np.minimum(np.arange(len(strengths)), len(path.strengths) - 1)
        errors.append(means(losses(path, fold.held, squared, scale), fold.held.weight)[longer])
        if not squared:
            rights.append(means(right(path, fold.held), fold.held.weight)[longer])
        counts.append(len(fold.held))
        known = [i for i, name in enumerate(fold.names) if name in place]
        used = np.zeros((len(strengths), len(names)), bool)
        used[:, [place[fold.names[i]] for i in known]] = path.used[longer][:, known]
        chosen.append(used)
        features.append(path.used[longer].sum(axis=1))
    mean, error = pooled(np.array(errors), np.array(counts))
    share = pooled(np.array(rights), np.array(counts))[0] if rights else None
    return CrossValidated(mean, error, share, np.array(chosen), np.array(features), unsolved)


def means(rows: NDArray[Any], weight: Floats) -> Floats:
    """The weighted mean over the rows, `(strengths,)`."""
    found: Floats = np.average(rows, axis=1, weights=weight if weight.any() else None)
    return found


def pooled(errors: Floats, counts: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean of the folds by their rows, and its standard error, as glmnet computes them.

    >>> pooled(np.array([[1.0], [3.0]]), np.array([10, 10]))
    (array([2.]), array([1.]))
    """
    share = counts / counts.sum()
    mean = share @ errors
    return mean, np.sqrt(share @ (errors - mean) ** 2 / (len(counts) - 1))
