"""Several trained models as one: the weighted mean of what they predict, of stock Keras parts."""

import math
from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.models.inputs_and_head import TASKS

WEIGHT: check.Interval = {"low": 0, "low_open": True}


def weighted_mean(
    models: Mapping[str, keras.Model], weights: Mapping[str, float], task: str
) -> keras.Model:
    """One model that answers with the weighted mean of several.

    Classes: `log(sum_k w_k softmax(z_k))`, whose softmax is the mean of the models' probabilities.
    Labels: the logit of `sum_k w_k sigmoid(z_k)`. Regression: `sum_k w_k z_k`. The models are
    layers of the new one, under their names.

    Args:
        models: Name -> a built model of the same inputs and outputs, logits or values.
        weights: Name of each of these models -> number > 0. They are divided by their sum.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.

    Raises:
        ValueError: If the models do not fit each other, or to their weights.

    >>> def told(*logits):
    ...     inputs = keras.Input((1,))
    ...     return keras.Model(inputs, 0.0 * inputs + ops.log(ops.array([logits])))
    >>> mean = weighted_mean({"a": told(0.9, 0.1), "b": told(0.5, 0.5)}, {"a": 3, "b": 1},
    ...                      "classification")
    >>> [round(float(chance), 3) for chance in ops.softmax(mean(ops.ones((1, 1))))[0]]
    [0.8, 0.2]
    """
    check.choice("task", task, TASKS)
    shares = checked_shares(weights, models)
    first = next(iter(models.values()))
    fits = {(str(m.input_shape), str(m.output_shape)) for m in models.values()}
    if len(fits) > 1:
        raise check.invalid("models", "models of the same inputs and outputs", sorted(fits))
    inputs = keras.Input(first.input_shape[1:], dtype=first.inputs[0].dtype, name="inputs")
    answers = [
        keras.Model(model.inputs, model.outputs[0], name=name)(inputs)
        for name, model in models.items()
    ]
    answers = ops.stack([ops.cast(answer, "float32") for answer in answers], axis=1)
    return keras.Model(inputs, mean_of(answers, shares, task), name="weighted_mean")


def checked_shares(weights: Mapping[str, float], models: Mapping[str, keras.Model]) -> list[float]:
    """The weight of each model, all of them together 1."""
    if not models or set(weights) != set(models):
        raise check.invalid("weights", f"a weight for each of {', '.join(models)}", list(weights))
    given = [check.number(f"weights[{name!r}]", weights[name], **WEIGHT) for name in models]
    return [value / sum(given) for value in given]


def mean_of(answers: keras.KerasTensor, shares: list[float], task: str) -> keras.KerasTensor:
    """The weighted mean over the axis 1 of `(batch, models, outputs)`."""
    if task == "regression":
        return ops.sum(per_model(answers, scale=shares, name="shares"), axis=1)
    if task == "classification":
        return log_mean(ops.log_softmax(answers, axis=-1), shares, "shares")
    yes = log_mean(ops.log_sigmoid(answers), shares, "shares_of_yes")
    return yes - log_mean(ops.log_sigmoid(-answers), shares, "shares_of_no")


def log_mean(logarithms: keras.KerasTensor, shares: list[float], name: str) -> keras.KerasTensor:
    """The logarithm of the weighted mean of probabilities."""
    logs = [math.log(share) for share in shares]
    return ops.logsumexp(per_model(logarithms, offset=logs, name=name), axis=1)


def per_model(
    x: keras.KerasTensor,
    *,
    scale: list[float] | None = None,
    offset: list[float] | None = None,
    name: str,
) -> keras.KerasTensor:
    """`scale_k x_k + offset_k` for each model."""
    column = [np.asarray(v)[:, None].tolist() if v else fallback
              for v, fallback in ((scale, 1.0), (offset, 0.0))]  # fmt: skip
    return keras.layers.Rescaling(*column, dtype="float32", name=name)(x)
