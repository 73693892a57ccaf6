"""Guessing, the baseline: what the best prediction costs that ignores the inputs.

scikit-learn calls such a model a dummy. Its loss is the entropy of the classes for a crossentropy,
the variance of the targets for a squared error, and so on. A model that is no better has learned
nothing, whatever its curves do.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg import private_keras
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.rows import Nest, Rows

Shape: TypeAlias = tuple[int, ...]
Settings: TypeAlias = Mapping[str, Any]  # what a loss of Keras passes to its function
# `(targets, weights, shape of a prediction, settings)` to the best constant, `None` if unknown
Best: TypeAlias = Callable[[np.ndarray, np.ndarray, Shape, Settings], np.ndarray | None]
Statistic: TypeAlias = Callable[[np.ndarray, np.ndarray, Settings], np.ndarray]
# `(loss, targets, weights, shape of a prediction)` to predictions, `None` if unknown
BestOf: TypeAlias = Callable[[Any, Any, Any, Shape], np.ndarray | None]
SMALLEST = 1e-7  # probability: Keras clips there, and a logit stays finite
STEPS = 50  # of the reweighted means: an error below 1e-6 of the spread


def baseline(clean: CleanEvaluator, rows: Rows) -> dict[str, float]:
    """`{"loss": min_c mean_i loss(y_i, c)}` on these rows, and `accuracy` where c is a class.

    The constant c is one number or vector for each output, the same for all rows. It is judged by
    the model's own compiled loss, with sample weights and weights of the outputs. Empty where a
    loss is not one of Keras's that have a known best constant.

    Args:
        clean: The evaluator of a compiled model, called once before.
        rows: The rows.
    """
    constants = best_constants(clean, rows)
    if constants is None:
        return {}
    measured = clean.instead(lambda count: repeated(constants, count), rows)
    found = {} if measured.loss is None else {"loss": measured.loss}
    if measured.correct is not None:
        found["accuracy"] = float(np.mean(measured.correct))
    return found if math.isfinite(found.get("loss", math.nan)) else {}


def best_constants(clean: CleanEvaluator, rows: Rows) -> Nest:
    """One prediction in the structure of the model's outputs, leaves of shape (1, ...), or None."""
    return by_output(clean, rows, constant)


def by_output(clean: CleanEvaluator, rows: Rows, best: BestOf) -> Nest:
    """`best(loss, targets, sample weights, shape)` of each output, in the structure of the outputs.

    The outputs are told apart by their paths: Keras orders losses as they were given, and the
    leaves of a dictionary by their keys. An output without a loss is 0: it costs nothing. `None`
    where one is not known, or where a loss reads several outputs or an output has several losses.
    """
    if not clean.losses:
        return None
    example = clean.predict(rows.head(1))
    leaves, nested = dict(keras.tree.flatten_with_path(example)), keras.tree.is_nested(example)
    found = {part.path if nested else (): part.loss for part in clean.losses}
    if len(found) < len(clean.losses) or not found.keys() <= leaves.keys():
        return None
    names = getattr(clean.model, "output_names", None)
    rows = replace(rows, y=in_order(rows.y, example, names))
    made = {path: best(loss, *targets(path, rows, leaves[path])) for path, loss in found.items()}
    values = {path: value for path, value in made.items() if value is not None}
    if len(values) < len(made):
        return None
    count = len(next(iter(values.values())))
    free = {path: np.zeros((count, *leaf.shape[1:]), "float32") for path, leaf in leaves.items()}
    return keras.tree.pack_sequence_as(example, list({**free, **values}.values()))


def in_order(y: Nest, example: Nest, names: Sequence[str] | None) -> Nest:
    """Targets by name as a list where the outputs are one: so Keras reads them."""
    by_name = isinstance(y, dict) and isinstance(example, list | tuple)
    return [y[name] for name in names] if by_name and names and y.keys() == set(names) else y


def targets(path: Sequence[Any], rows: Rows, output: Any) -> tuple[Any, Any, Shape]:
    """Targets, sample weights and shape (without the rows) of the output at `path`."""
    if not path:
        leaves, weights = keras.tree.flatten(rows.y), keras.tree.flatten(rows.weight)
        return leaves[0], weights[0], output.shape[1:]
    weight = at(path, rows.weight) if keras.tree.is_nested(rows.weight) else rows.weight
    return at(path, rows.y), weight, output.shape[1:]


def at(path: Sequence[Any], nest: Nest) -> Any:
    """The leaf at a path; `None` where the nest has another structure."""
    for key in path:
        known = isinstance(nest, dict) or (isinstance(key, int) and isinstance(nest, list | tuple))
        if not known or (isinstance(nest, dict) and key not in nest):
            return None
        nest = nest[key]
    return nest


def repeated(constants: Nest, count: int) -> Nest:
    """The constants for `count` rows."""
    return keras.tree.map_structure(lambda c: np.repeat(c, count, axis=0), constants)


def constant(loss: Any, y: Any, weight: Any, shape: Shape) -> np.ndarray | None:
    """The prediction of shape (1, *shape) that minimises a loss, or `None` where it is not known.

    Args:
        loss: A Keras loss.
        y: Targets of shape (n, ...).
        weight: Sample weights of shape (n,), or `None`.
        shape: Of one prediction.
    """
    best = BEST.get(getattr(loss, "fn", None))
    if best is None or not isinstance(y, np.ndarray) or not len(y) or y.dtype.kind not in "fiub":
        return None
    if weight is not None and np.size(weight) != len(y):  # weights of single steps
        return None
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, float).reshape(len(y))
    if not weight.sum() > 0:
        return None
    found = best(y, weight, tuple(shape), private_keras.settings_of(loss))
    return None if found is None else np.asarray(found, "float32").reshape(1, *shape)


# --- crossentropies -------------------------------------------------------------------------------


def sparse(y: np.ndarray, weight: np.ndarray, shape: Shape, config: Settings) -> np.ndarray:
    """Class frequencies, over all positions of a sequence or picture."""
    ids = y.reshape(len(y), -1).astype(int)
    each = np.broadcast_to(weight[:, None], ids.shape)
    counted = (ids != config.get("ignore_class")) & (ids >= 0) & (ids < shape[-1])
    counts = np.bincount(ids[counted], each[counted], minlength=shape[-1])
    return np.broadcast_to(softmax_output(counts / max(counts.sum(), SMALLEST), config), shape)


def one_hot(y: np.ndarray, weight: np.ndarray, shape: Shape, config: Settings) -> np.ndarray | None:
    """The mean of the targets, smoothed as the loss smooths them."""
    targets = fitting(y, shape)
    if targets is None:
        return None
    smoothing = config.get("label_smoothing") or 0.0
    mean = np.average(targets, axis=0, weights=weight)
    return softmax_output(mean * (1 - smoothing) + smoothing / shape[-1], config)


def binary(y: np.ndarray, weight: np.ndarray, shape: Shape, config: Settings) -> np.ndarray | None:
    """The share of ones in each output."""
    targets = fitting(y, shape)
    if targets is None:
        return None
    smoothing = config.get("label_smoothing") or 0.0
    chance = np.average(targets, axis=0, weights=weight) * (1 - smoothing) + 0.5 * smoothing
    chance = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return np.log(chance / (1 - chance)) if config.get("from_logits") else chance


def softmax_output(chances: np.ndarray, config: Settings) -> np.ndarray:
    """Probabilities as the loss reads them."""
    chances = np.clip(chances, SMALLEST, 1.0)
    return np.log(chances) if config.get("from_logits") else chances


# --- regression -----------------------------------------------------------------------------------


def statistic(of: Statistic) -> Best:
    """A best constant that is a statistic of the targets, output by output."""

    def best(
        y: np.ndarray, weight: np.ndarray, shape: Shape, config: Settings
    ) -> np.ndarray | None:
        targets = fitting(y, shape)
        return None if targets is None else of(targets, weight, config)

    return best


def fitting(y: np.ndarray, shape: Shape) -> np.ndarray | None:
    """The targets in the shape of the predictions, or `None` where they do not fit."""
    fits = y.size == len(y) * int(np.prod(shape, dtype=int)) and y.dtype.kind in "fiub"
    return y.reshape(len(y), *shape).astype(float) if fits else None


def mean(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    return np.average(y, axis=0, weights=weight)


def log_mean(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    return np.expm1(np.average(np.log1p(np.maximum(y, 0.0)), axis=0, weights=weight))


def median(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    return weighted_median(y, np.broadcast_to(column(weight, y), y.shape))


def relative_median(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    """Least absolute percentage: the median with weights 1 / |y|."""
    return weighted_median(y, column(weight, y) / np.maximum(np.abs(y), SMALLEST))


def huber(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    delta = config.get("delta", 1.0)
    return reweighted(y, weight, lambda r: np.minimum(1.0, delta / np.maximum(np.abs(r), SMALLEST)))


def log_cosh(y: np.ndarray, weight: np.ndarray, config: Settings) -> np.ndarray:
    return reweighted(y, weight, lambda r: np.where(r == 0, 1.0, np.tanh(r) / np.where(r, r, 1.0)))


def column(weight: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of shape (n,) beside values of shape (n, ...)."""
    return weight.reshape(len(y), *[1] * (y.ndim - 1))


def weighted_median(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The value at which half of the weight is reached, output by output.

    >>> weighted_median(np.array([3.0, 1.0, 9.0]), np.array([1.0, 1.0, 5.0])).item()
    9.0
    """
    order = np.argsort(y, axis=0)
    reached = np.cumsum(np.take_along_axis(weight, order, 0), axis=0)
    first = (reached >= 0.5 * reached[-1:]).argmax(axis=0)
    return np.take_along_axis(np.take_along_axis(y, order, 0), first[None], 0)[0]


def reweighted(
    y: np.ndarray, weight: np.ndarray, factor: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The M-estimate of location by iteratively reweighted means. Source: Huber 1964."""
    weight = column(weight, y)
    found = weighted_median(y, np.broadcast_to(weight, y.shape))
    for _ in range(STEPS):
        now = weight * factor(y - found)
        found = (now * y).sum(axis=0) / now.sum(axis=0)
    return np.asarray(found)


# a function of Keras -> the best constant for `(targets, weights, shape, settings of the loss)`
BEST: dict[Callable[..., Any] | None, Best] = {
    keras.losses.sparse_categorical_crossentropy: sparse,
    keras.losses.categorical_crossentropy: one_hot,
    keras.losses.kl_divergence: one_hot,
    keras.losses.binary_crossentropy: binary,
    keras.losses.mean_squared_error: statistic(mean),
    keras.losses.poisson: statistic(mean),
    keras.losses.mean_squared_logarithmic_error: statistic(log_mean),
    keras.losses.mean_absolute_error: statistic(median),
    keras.losses.mean_absolute_percentage_error: statistic(relative_median),
    keras.losses.huber: statistic(huber),
    keras.losses.log_cosh: statistic(log_cosh),
}
