"""What is done to the scores: one temperature, or a scale and an offset for each class."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from kreg.diagnostics.refinement import FEWEST_WRONG, cross_entropies, paired, wrong
from kreg.measuring import Measurement
from kreg.measuring.predictions import PredictionReader
from kreg.measuring.refining import fit

METHODS = ("temperature", "vector")
ALL_RIGHT = (
    "None of the {:,} rows is wrong: the surer the model, the smaller their loss, so that no "
    "temperature is the best one."
)
TOO_FEW = (
    "{} of the {:,} rows {} wrong: too few to tell how much surer the model may be; it takes {}."
)
PULL = 1e-3  # of the squared distance to the temperature: a class of few rows has no scale alone


@dataclass(frozen=True)
class Scaling:
    """`scores * scale + offset`.

    Args:
        method: `"temperature"` or `"vector"`.
        scale: Number, or array of shape (classes,).
        offset: Number, or array of shape (classes,).
    """

    method: str
    scale: float | np.ndarray
    offset: float | np.ndarray = 0.0

    @classmethod
    def none(cls) -> "Scaling":
        return cls("temperature", 1.0)

    @property
    def temperature(self) -> float | None:
        return 1 / float(self.scale) if self.method == "temperature" else None

    def of(self, scores: np.ndarray) -> np.ndarray:
        return np.asarray(scores * self.scale + self.offset)


def unsure(reader: PredictionReader, found: Measurement) -> str:
    """Why these rows leave the temperature at 1, a sentence; empty where they ask for another.

    Where the true class of every row has the highest score, the loss falls for ever as the
    temperature goes to 0, and the model would be as sure of the rows that it has never seen. A few
    wrong rows say little more, but that it is too sure they may say.
    """
    scores, targets = np.asarray(found.scores, np.float64), np.asarray(found.targets)
    rows = len(scores)
    if reader.kind == "binary":
        scores, targets = scores.ravel(), targets.ravel()
    centred, shares = paired(scores, targets)
    weight = np.ones(rows) if found.weights is None else np.ravel(found.weights)
    count = wrong(centred, shares, np.repeat(weight, len(centred) // rows))
    if count >= FEWEST_WRONG or (count and fitted("temperature", reader, found).scale != 1):
        return ""
    verb = "is" if count == 1 else "are"
    return TOO_FEW.format(count, rows, verb, FEWEST_WRONG) if count else ALL_RIGHT.format(rows)


def fitted(method: str, reader: PredictionReader, found: Measurement) -> Scaling:
    """The scaling of the smallest cross-entropy; labels are taken as they are, not smoothed."""
    one = fit(found, replace(reader, smoothing=0.0))
    scaling = Scaling("temperature", 1 / one.temperature)
    return scaling if method == "temperature" else vector(reader, found, 1 / one.temperature)


def vector(reader: PredictionReader, found: Measurement, start: float) -> Scaling:
    """`w_k z_k + b_k`, from the temperature on: convex. Source: Guo et al. 2017."""
    scores = np.asarray(found.scores, np.float64)
    targets, columns = np.asarray(found.targets), scores.shape[1]
    weight = 1.0 if found.weights is None else np.ravel(found.weights)
    first = np.concatenate([np.full(columns, start), np.zeros(columns)])

    def cost(numbers: np.ndarray) -> float:
        scaled = scores * numbers[:columns] + numbers[columns:]
        if reader.kind == "binary":
            rows = cross_entropies(*paired(scaled.ravel(), targets.ravel()), 1.0)
            rows = rows.reshape(len(scores), -1).mean(axis=1)
        else:
            rows = cross_entropies(*paired(scaled, targets), 1.0)
        return float(np.mean(weight * rows) + PULL * np.square(numbers - first).sum())

    best = minimize(cost, first, method="L-BFGS-B").x
    return Scaling("vector", best[:columns], best[columns:])
