"""The refined loss of one measurement: what is left of it once one temperature is fitted."""

import math
from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.refinement import FEWEST, Refinement, refine
from kreg.measuring.measurement import Measurement
from kreg.measuring.predictions import PredictionReader

NAME = "val_refined_loss"
LARGEST = 400_000  # scores; of more than that the rows whose single losses are kept stand for all
SAME = 1e-3  # relative difference of two losses that are one
TOO_FEW = (
    "There is no val_refined_loss: a temperature that is fitted on {} validation rows says "
    "nothing; it takes {}."
)
NO_SCORES = (
    "There is no val_refined_loss: it needs one output with a row of class scores for each example."
)
NO_CLASSES = "There is no val_refined_loss: it is of a classification by a cross-entropy."
ANOTHER_LOSS = "There is no val_refined_loss: `{}` is not the plain cross-entropy of these outputs."


@dataclass(frozen=True)
class Refined:
    """What one temperature makes of a measured cross-entropy.

    Args:
        loss: The refined loss; NaN where the clean one is not finite.
        temperature: The temperature.
        examples: Its per-example losses of shape (n,), of the rows that are kept; or `None`.
    """

    loss: float
    temperature: float = math.nan
    examples: np.ndarray | None = None


def refined(
    found: Measurement, reader: PredictionReader, kept: np.ndarray | None = None
) -> Refined | str:
    """The refined loss, or a sentence why there is none; an empty one where nobody expects it.

    Args:
        found: A measurement of all rows, with its scores.
        reader: How the model's output is read.
        kept: Positions of the rows whose single losses are kept, or `None` for all.
    """
    if reader.kind is None or found.loss is None:
        return NO_SCORES if "crossentropy" in (reader.loss or "") else ""
    if found.scores is None or found.targets is None:
        return NO_SCORES
    if not math.isfinite(found.loss) or not np.isfinite(found.scores).all():
        return Refined(math.nan)
    if len(found.scores) < FEWEST:
        return TOO_FEW.format(len(found.scores), FEWEST)
    part = found.only(kept) if found.scores.size > LARGEST else found
    try:
        fitted = fit(part, reader)
    except (ValueError, IndexError):  # class ids that are none, a loss that ignores some
        return ANOTHER_LOSS.format(reader.loss)
    if not is_measured(fitted, found, part):
        return ANOTHER_LOSS.format(reader.loss)
    rows = fitted.examples.reshape(len(np.asarray(part.scores)), -1).mean(axis=1)
    chosen = rows if kept is None or part is not found else rows[kept]
    return Refined(found.loss - fitted.calibration_error, fitted.temperature, chosen)


def fit(found: Measurement, reader: PredictionReader) -> Refinement:
    """One temperature; of several labels a row one for all of them."""
    scores, targets, weights = np.asarray(found.scores), np.asarray(found.targets), found.weights
    if reader.kind == "binary":
        several = scores.size // len(scores)
        weights = None if weights is None else np.repeat(np.ravel(weights), several)
        scores, targets = scores.ravel(), targets.ravel()
    classes = 2 if scores.ndim == 1 else scores.shape[1]
    if reader.smoothing:
        targets = np.eye(classes)[targets.ravel()] if reader.kind == "sparse" else targets
        targets = targets * (1 - reader.smoothing) + reader.smoothing / classes
    return refine(scores, targets, weights)


def is_measured(fitted: Refinement, found: Measurement, part: Measurement) -> bool:
    """Whether the cross-entropy of these scores is the loss that was measured."""
    loss = found.loss
    if part is not found:
        loss = None if part.examples is None else float(part.examples.mean())
    return loss is not None and math.isclose(fitted.loss, loss, rel_tol=SAME, abs_tol=1e-6)
