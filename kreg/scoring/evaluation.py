"""All that a report says about predictions whose truth is known, as plain JSON values.

The keys are described in `kreg.diagnostics.evaluation_schema`.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.diagnostics import calibration
from kreg.scoring import score, tasks

Array = NDArray[Any]
Plain = dict[str, Any]
MOST_CLASSES = 30  # a matrix of more is not read
PAIRS = 20  # of classes that are taken for each other
POINTS = 300  # of a drawing
HARDEST = 10
UNITS = {
    "accuracy": "share of the rows",
    "loss": "nats",
    "f1": "of at most 1, for {name}",
    "f1_macro": "of at most 1",
    "balanced_accuracy": "mean share of the rows of a class",
    "precision": "share of the rows told to be {name}",
    "recall": "share of the rows that are {name}",
    "roc_auc": "share of the pairs in the right order",
    "exact_match": "share of the rows whose labels are all right",
    "r2": "share of the variance, at most 1",
}


def of(
    task: str, values: Array, known: Array, names: Sequence[str], threshold: float, unit: str = ""
) -> Plain:
    """The section `evaluation` of a report, as far as outputs and truth make it.

    Args:
        task: As for `kreg.scoring.tasks.of`, and `values`, `known`, `names` and `threshold` too.
        unit: Of the targets of a regression.
    """
    found = tasks.of(task, values, known, names, threshold)
    told: Plain = {
        "task": task,
        "rows": found.rows,
        "scores": [shown(one, task, unit, names) for one in found.scores],
        "classes": [rounded(one.to_dict()) for one in found.classes],
        "confusion": None,
        "pairs": [],
        "roc": None,
        "reliability": None,
        "targets": [],
    }
    if found.confusion is not None:
        told |= confused(found.confusion, names)
    if task == "binary" and 0 < known.sum() < len(known):
        told["roc"] = roc(values[:, 1], known, threshold)
    if task == "binary":
        told["reliability"] = rounded(dict(calibration.summary(values[:, 1], known)))
    if task == "regression":
        columns = zip(names or [""], values.T, known.T, strict=True)
        told["targets"] = [drawn(*column) for column in columns]
    return told


def shown(one: score.Score, task: str, unit: str, names: Sequence[str]) -> Plain:
    """A score with its unit."""
    kind = one.name.split("_")[0] if task == "regression" else one.name
    units = UNITS | ({"accuracy": "share of the labels"} if task == "multilabel" else {})
    told = units.get(kind, unit).format(name=names[-1] if names else "")
    return {"name": one.name, **rounded(one.to_dict()), "unit": told}


def confused(table: Array, names: Sequence[str]) -> Plain:
    """The matrix where it can be read, and the pairs that are taken for each other most often."""
    wrong = np.where(np.eye(len(table), dtype=bool), 0, table)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    cells = [divmod(int(place), len(table)) for place in order if wrong.flat[place]]
    pairs = [{"truth": names[i], "told": names[j], "rows": int(table[i, j])} for i, j in cells]
    return {"confusion": table.tolist() if len(table) <= MOST_CLASSES else None, "pairs": pairs}


def roc(chance: Array, known: Array, threshold: float) -> Plain:
    """The ROC curve at each threshold that tells two rows apart, and at the run's own.

    >>> roc(np.array([0.9, 0.2, 0.4]), np.array([1, 0, 0]), 0.5)["true_positive_rate"]
    [0.0, 1.0, 1.0, 1.0]
    """
    order = np.argsort(-chance, kind="stable")
    last = np.append(np.flatnonzero(np.diff(chance[order])), len(order) - 1)
    hits = np.append(0, np.cumsum(known[order])[last]) / known.sum()
    alarms = np.append(0, np.cumsum(1 - known[order])[last]) / (len(known) - known.sum())
    keep = spread(len(hits), POINTS)
    said = chance >= threshold
    own = [float(said[known == truth].mean()) for truth in (0, 1)]
    return rounded({
        "false_positive_rate": alarms[keep].tolist(),
        "true_positive_rate": hits[keep].tolist(),
        "threshold": threshold,
        "at": own,
    })  # fmt: skip


def drawn(name: str, told: Array, known: Array) -> Plain:
    """Predictions against truth of one target: some rows as points, and how far off all are."""
    error, rows = told - known, spread(len(known), POINTS)
    bias = score.mean("bias", error)
    quantiles = np.quantile(np.abs(error), [0.5, 0.9, 1.0])
    return rounded({
        "name": name,
        "truth": known[rows].tolist(),
        "predicted": told[rows].tolist(),
        "bias": bias.to_dict(),
        "error_quantiles": dict(zip(("half", "nine_tenths", "all"), quantiles.tolist())),
    })  # fmt: skip


def hardest(task: str, values: Array, known: Array, scale: Array) -> tuple[Array, Array]:
    """The rows that the model is furthest from, the worst first, and the loss of each.

    Args:
        task: As for `of`, and `values` and `known` too.
        scale: What makes the errors of several targets alike, `(targets,)`.
    """
    if task == "regression":
        loss = np.sqrt((((values - known) / scale) ** 2).mean(axis=1))
        loss = loss * (scale[0] if len(scale) == 1 else 1.0)
    elif task == "multilabel":
        loss = tasks.label_losses(values, known).mean(axis=1)
    else:
        loss = tasks.losses(values, known)
    order = np.argsort(-loss, kind="stable")[:HARDEST]
    return order, loss[order]


def spread(rows: int, count: int) -> Array:
    """At most `count` rows at even distances, the first and the last among them.

    >>> spread(9, 3).tolist(), spread(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    return np.unique(np.linspace(0, rows - 1, min(rows, count)).round().astype(int))


def rounded(found: Plain) -> Plain:
    """Floats with six digits, which is what a float32 knows, and `None` where one is not finite.

    >>> rounded({"a": [0.12345678, float("nan")], "b": 3})
    {'a': [0.123457, None], 'b': 3}
    """
    return {key: _rounded(value) for key, value in found.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return rounded(value)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
