"""The duality gap of linear regression with several outputs under a nuclear norm."""

from typing import Any

import keras
import numpy as np

from kreg.optimizers.convex_problem import loss_kind, only_layer, weights_of
from kreg.optimizers.duality import entering
from kreg.optimizers.objective import penalised, strengths_now
from kreg.optimizers.softmax_gap import Array, Bounds
from kreg.regularizers import NuclearNorm


def nuclear_gap(model: keras.Model, x: Any, y: Any) -> float | None:
    """How far the objective is above its minimum at most; `None` for any other model."""
    layer, pairs = only_layer(model), penalised(model)
    if layer is None or [v is layer.kernel for v, _ in pairs] != [True]:
        return None
    penalty = pairs[0][1]
    squared = loss_kind(model.loss, keras.activations.serialize(layer.activation)) is False
    l1 = strengths_now(model, penalty).get("l1", 0.0)
    if not isinstance(penalty, NuclearNorm) or not squared or l1 == 0:
        return None
    rows = entering(model, layer, x)
    targets = np.asarray(y, "float64").reshape(len(rows), -1)
    primal, dual = nuclear_bounds(rows, targets, *weights_of(layer), l1)
    return primal - dual


def nuclear_bounds(x: Array, y: Array, kernel: Array, bias: Array | None, l1: float) -> Bounds:
    """Primal and dual objective for the mean of all squared errors.

    With `N` numbers in `y` and `rho = 2 / N (y - predictions)` the dual objective is
    `<y, rho> - N / 4 ||rho||^2`. The dual norm of the nuclear norm is the spectral one: the largest
    singular value of `X' rho` must not be above `l1`, which scaling `rho` reaches. The biases ask
    for columns of `rho` that sum to 0, as those of their best values do.
    """
    rest = y - x @ kernel
    error = np.mean(np.square(rest - (0.0 if bias is None else bias)))
    primal = error + l1 * np.linalg.svd(kernel, compute_uv=False).sum()
    rho = 2 / y.size * (rest if bias is None else rest - rest.mean(axis=0))
    rho *= min(1.0, l1 / max(float(np.linalg.norm(x.T @ rho, 2)), 1e-300))
    return float(primal), float(np.vdot(y, rho) - y.size / 4 * np.vdot(rho, rho))
