"""One measurement: its numbers, and how those of the batches become one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from kreg.measuring.rows import Batch

SAME = 1e-4  # relative difference of two losses that are one: the order of a float32 sum
VECTORS = ("examples", "confidence", "correct", "scores", "targets", "weights")  # one row each


@dataclass
class Measurement:
    """Clean numbers of one set of rows at one moment.

    Args:
        loss: Mean clean loss, as Keras averages it, or `None` for a model without a loss.
        metrics: Metric name to value.
        examples: Losses of shape (n,), sample weights included, or `None`.
        confidence: Largest probability of each prediction, shape (n,), or `None`.
        correct: Whether each prediction is right, shape (n,), or `None`.
        other: Mean of `add_loss` and activity penalties, in the loss's unit.
        scores: Of a classification the logits, or logarithms of the probabilities, shape (n, k) or
            (n,); or `None`.
        targets: What they are compared with, as the loss takes it, shape (n, ...), or `None`.
        weights: Sample weights of shape (n,), or `None`.
    """

    loss: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    examples: np.ndarray | None = None
    confidence: np.ndarray | None = None
    correct: np.ndarray | None = None
    other: float = 0.0
    scores: np.ndarray | None = None
    targets: np.ndarray | None = None
    weights: np.ndarray | None = None

    def into(self, logs: dict[str, Any], prefix: str) -> None:
        """Write the loss and the metrics into Keras's logs: `<prefix>loss`, `<prefix><metric>`."""
        if self.loss is not None:
            logs[f"{prefix}loss"] = self.loss
        self.metrics_into(logs, prefix)

    def metrics_into(self, logs: dict[str, Any], prefix: str) -> None:
        """The metrics alone."""
        logs.update({f"{prefix}{name}": v for name, v in self.metrics.items() if name != "loss"})

    def without_scores(self) -> "Measurement":
        """The same without the scores of every row, which nobody keeps."""
        return replace(self, scores=None, targets=None, weights=None)

    def only(self, chosen: np.ndarray | None) -> "Measurement":
        """The same with the single numbers of these rows only; `None` for all."""
        if chosen is None:
            return self
        found = replace(self)
        for name in VECTORS:
            vector = getattr(self, name)
            setattr(found, name, vector if vector is None else vector[chosen])
        return found


def counted(batches: list[Batch], found: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """`(rows, result)` of each batch."""
    rows = [int(keras.tree.flatten(batch[0])[0].shape[0]) for batch in batches]
    return list(zip(rows, found, strict=True))


def joined(
    batches: Sequence[tuple[int, dict[str, Any]]], metrics: Mapping[str, Any]
) -> Measurement:
    """Scalars averaged by rows, as Keras's loss tracker does; vectors one after the other.

    A metric that nothing has updated, a tracker of the model's own say, has nothing to tell.
    """
    told = {name: value for name, (value, updated) in metrics.items() if updated}
    numbers = {name: float(value) for name, value in told.items() if np.size(value) == 1}
    result = Measurement(metrics=numbers)
    if "logs" in batches[0][1]:
        result = from_logs([(count, found["logs"]) for count, found in batches], numbers)
    for name in batches[0][1].keys() & {"loss", "other"}:
        setattr(result, name, mean(batches, name))
    same = "compiled" not in batches[0][1] or agrees(result.loss, mean(batches, "compiled"))
    for name in VECTORS if same else ():
        setattr(result, name, one_a_row(batches, name))
    return result


def agrees(loss: float | None, other: float) -> bool:
    """Whether two losses are one, up to rounding."""
    return loss is not None and math.isclose(loss, other, rel_tol=SAME, abs_tol=1e-7)


def one_a_row(batches: Sequence[tuple[int, Mapping[str, Any]]], name: str) -> np.ndarray | None:
    """The batches' vectors one after the other; `None` where they are not one number a row.

    Rows that do not fill a share are left out on several devices.
    """
    parts = [np.asarray(found[name]) for _, found in batches if name in found]
    fit = all(len(part) <= count for part, (count, _) in zip(parts, batches, strict=False))
    return np.concatenate(parts) if parts and fit else None


def from_logs(
    batches: Sequence[tuple[int, Mapping[str, Any]]], numbers: Mapping[str, float]
) -> Measurement:
    """What a `test_step` of the model's own has returned, batch by batch.

    A log that is the present value of a metric is a mean over all batches by then; one that is not
    is a batch's own.
    """
    found: dict[str, float] = {}
    for name, last in batches[-1][1].items():
        if np.size(last) == 1:
            running = any(math.isclose(float(last), n, rel_tol=1e-6) for n in numbers.values())
            found[name] = float(last) if running else mean(batches, name)
    loss = found.pop("loss", None)
    return Measurement(loss=loss, metrics=found)


def mean(batches: Sequence[tuple[int, Mapping[str, Any]]], name: str) -> float:
    """The mean over all rows of what is a mean over each batch's rows."""
    rows = np.array([count for count, _ in batches], float)
    values = np.array([np.ravel(found[name])[0] for _, found in batches], float)
    return float(np.average(values, weights=rows))
