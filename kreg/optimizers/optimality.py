"""How far from the optimum: a proof for convex models, a residual for all others."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg import check
from kreg.optimizers.duality import LinearGap
from kreg.optimizers.nuclear_gap import nuclear_gap
from kreg.optimizers.objective import (
    data_gradients,
    data_loss,
    penalised,
    penalty_now,
    settings_now,
)
from kreg.regularizers import Penalty


@dataclass
class Certificate:
    """What `kreg.certificate` found.

    Attributes:
        objective: Data loss plus kreg's penalties.
        gap: Upper bound of `objective - minimum`, by duality; `None` where the model is not a
            convex one, or has no penalty.
        stationarity: Largest entry of `w - prox_R(w - gradient)`: 0 at every optimum.
        weights: The same for each trainable weight, by path.
    """

    objective: float
    gap: float | None
    stationarity: float
    weights: dict[str, float] = field(repr=False)

    @property
    def relative_gap(self) -> float | None:
        """`gap / objective`."""
        return None if self.gap is None else self.gap / self.objective


def certificate(model: keras.Model, x: Any, y: Any) -> Certificate:
    """How far a compiled model is from the minimum of its own training objective.

    For one dense layer with a squared (one unit), logistic or softmax loss and `L1`, `L2` or
    `ElasticNet`, and with a squared loss and `NuclearNorm`, the gap is proved: no weights at all
    have an objective below `objective - gap`. What lies before the layer, such as a rescaling, is
    applied first. For every other model the residual says how nearly the weights are a stationary
    point. Everything is in inference mode, on exactly the rows that are passed.

    Args:
        model: A compiled, built `keras.Model`.
        x: Training inputs.
        y: Training targets.

    Returns:
        A `Certificate`.

    Source of the gap: Massias, Gramfort & Salmon, Celer, 2018.
    """
    if not getattr(model, "compiled", False) or not model.built:
        raise check.invalid("model", "a compiled, built keras.Model", model)
    residuals = stationarity(model, x, y)
    penalties = sum(penalty_now(model, v, p) for v, p in penalised(model))
    objective = float(ops.convert_to_numpy(data_loss(model, x, y))) + penalties
    gap = LinearGap(model, x, y)()
    gap = nuclear_gap(model, x, y) if gap is None else gap
    return Certificate(objective, gap, max(residuals.values()), residuals)


def stationarity(model: keras.Model, x: Any, y: Any) -> dict[str, float]:
    """`max |w - prox_R(w - gradient)|` for each trainable weight, by path."""
    penalties = {id(v): p for v, p in penalised(model)}
    gradients = data_gradients(model, x, y)
    return {
        v.path: residual(model, v, penalties.get(id(v)), gradient)
        for v, gradient in zip(model.trainable_weights, gradients, strict=True)
    }


def residual(
    model: keras.Model, variable: keras.Variable, penalty: Penalty | None, gradient: np.ndarray
) -> float:
    w = ops.convert_to_tensor(variable)
    if penalty is None:
        return float(np.max(np.abs(gradient)))
    s = penalty.at(w, settings_now(model, variable, penalty))
    slope = ops.convert_to_tensor(gradient) + penalty.smooth_gradient(w, s)
    step = min(1.0, penalty.widest())
    moved = w - penalty.sharp_prox(w - step * slope, step, s)
    return float(np.max(np.abs(ops.convert_to_numpy(moved)))) / step
