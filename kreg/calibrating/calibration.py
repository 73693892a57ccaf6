"""`kreg.calibrate`: temperature or vector scaling, as the last layer of a model."""

import dataclasses
import warnings
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg import check
from kreg.calibrating.last_layer import with_scaling
from kreg.calibrating.scaling import METHODS, Scaling, fitted, unsure
from kreg.diagnostics.calibration import Summary, summary
from kreg.diagnostics.refinement import cross_entropies, paired
from kreg.measuring import Measurement, clean_evaluator, take
from kreg.measuring.predictions import PredictionReader

NO_CLASSES = (
    "A model is calibrated where it is compiled with a cross-entropy and has one output with a row "
    "of class scores for each example. The loss of this one is {}."
)


@dataclass(frozen=True)
class Calibration:
    """What the scaling is, and what it changes on the rows that it was fitted to.

    Args:
        method: `"temperature"` or `"vector"`.
        temperature: The scores are divided by it; `None` for a vector.
        rows: How many it was fitted to.
        loss: Mean cross-entropy `(before, after)`, without label smoothing.
        ece: Expected calibration error `(before, after)`, 15 bins of equal width; `None` for
            several labels a row.
        changed: Share of the rows whose predicted class is another one: 0 for a temperature.
    """

    method: str
    temperature: float | None
    rows: int
    loss: tuple[float, float]
    ece: tuple[float, float] | None
    changed: float

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """One sentence.

        >>> print(Calibration("temperature", 1.84, 270, (0.41, 0.33), (0.09, 0.02), 0.0))
        Temperature 1.84, fitted to 270 rows: loss 0.41 -> 0.33, ECE 0.09 -> 0.02.
        """
        what = "A vector" if self.temperature is None else f"Temperature {self.temperature:.4g}"
        loss = f"loss {self.loss[0]:.4g} -> {self.loss[1]:.4g}"
        ece = "" if self.ece is None else f", ECE {self.ece[0]:.3g} -> {self.ece[1]:.3g}"
        return f"{what}, fitted to {self.rows:,} rows: {loss}{ece}."


def calibrate(
    model: keras.Model,
    x: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    method: str = "temperature",
) -> tuple[keras.Model, Calibration]:
    """`softmax(z / T)` in place of `softmax(z)`: the model becomes as sure as it is right.

    `T` minimises the cross-entropy on rows that the model was not trained on. It stands in the new
    model as the last stock layer, a `keras.layers.Rescaling` of the scores, so that the model is
    saved, stripped, exported and loaded by plain Keras as before; probabilities stay probabilities
    and logits stay logits. A temperature changes no predicted class. Where fewer
    than five rows are wrong, it makes no model surer: it stays 1, with a warning. Source: Guo et
    al. 2017.

    Args:
        model: A built, compiled Functional or Sequential classifier with one output: logits, or
            probabilities of a last softmax or sigmoid. It is not changed; the new model shares its
            layers.
        x: Array of shape (n, ...), or a nest of them: validation rows.
        y: Their targets, as the model's loss takes them.
        sample_weight: Array of shape (n,), or `None`.
        method: `"temperature"`, one number; or `"vector"`, a scale and an offset for each class,
            which may change classes and takes some hundred rows. Defaults to `"temperature"`.

    Returns:
        The new model, not compiled, and a `Calibration`.

    Raises:
        ValueError: For a regression, several outputs, a model without a graph, or scores that are
            not finite.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    >>> model.set_weights([8 * np.eye(2)])  # sure of everything
    >>> model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> x = np.repeat(np.eye(2, dtype="float32"), 4, axis=0)
    >>> calibrated, found = calibrate(model, x, np.array([0, 0, 0, 1, 1, 1, 1, 0]))
    >>> round(found.temperature, 2), type(calibrated.layers[-1]).__name__
    (7.28, 'Rescaling')
    """
    check.choice("method", method, METHODS)
    reader, found = scored(model, x, y, sample_weight)
    why = unsure(reader, found)
    if why:
        warnings.warn(f"{why} The model is left as sure as it is.", UserWarning, stacklevel=2)
    scaling = Scaling.none() if why else fitted(method, reader, found)
    made = with_scaling(model, scaling, reader)
    return made, compared(scaling, reader, found)


def scored(
    model: keras.Model, x: Any, y: Any, sample_weight: Any = None
) -> tuple[PredictionReader, Measurement]:
    """How the model's output is read, and its scores on these rows."""
    if not getattr(model, "compiled", False):
        raise ValueError(NO_CLASSES.format("not known: it is not compiled"))
    evaluate = clean_evaluator(model)
    data = (x, y) if sample_weight is None else (x, y, sample_weight)
    found = evaluate(take("x", data, len(keras.tree.flatten(x)[0])))
    evaluate.let_go()
    if found.scores is None or found.targets is None:
        raise ValueError(NO_CLASSES.format(f"`{evaluate.reader.loss}`"))
    return evaluate.reader, found


def compared(scaling: Scaling, reader: PredictionReader, found: Measurement) -> Calibration:
    """The same rows before and after."""
    before, after = (facts(one, reader, found) for one in (Scaling.none(), scaling))
    known = before[1], after[1]
    return Calibration(
        method=scaling.method,
        temperature=scaling.temperature,
        rows=len(np.asarray(found.scores)),
        loss=(before[0], after[0]),
        ece=(known[0]["ece"], known[1]["ece"]) if known[0] and known[1] else None,
        changed=float(np.mean(before[2] != after[2])),
    )


def facts(
    scaling: Scaling, reader: PredictionReader, found: Measurement
) -> tuple[float, Summary | None, np.ndarray]:
    """Cross-entropy, reliability and predicted classes of scores that are scaled so."""
    scores = scaling.of(np.asarray(found.scores, np.float64))
    targets = np.asarray(found.targets)
    if reader.kind == "binary":
        scores, targets = scores.ravel(), targets.ravel()
    centred, shares = paired(scores, targets)
    rows = cross_entropies(centred, shares, 1.0)
    several = len(rows) // len(np.asarray(found.scores))
    weight = 1.0 if found.weights is None else np.repeat(np.ravel(found.weights), several)
    chances = np.exp(centred) / np.exp(centred).sum(axis=1, keepdims=True)
    chosen = chances.argmax(axis=1)
    right = chosen == shares.argmax(axis=1)
    said = summary(chances.max(axis=1), right) if several == 1 else None
    return float(np.mean(weight * rows)), said, chosen
