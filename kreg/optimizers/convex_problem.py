"""Recognise a convex problem: one dense unit, squared or logistic loss, lasso and ridge."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg.optimizers.objective import penalised, strengths_now
from kreg.regularizers import L1, L2

SQUARED = ("mse", "mean_squared_error", "MSE", "MeanSquaredError")
LOGISTIC = ("binary_crossentropy", "bce", "BinaryCrossentropy")


@dataclass
class ConvexProblem:
    """`min_w,b  loss(X w + b, y) + l1 * sum|w| + l2 * sum w^2`.

    Attributes:
        layer: The dense layer with one unit.
        logistic: Whether the loss is the mean cross-entropy, else the mean squared error.
        l1, l2: Strengths now.
    """

    layer: keras.layers.Dense
    logistic: bool
    l1: float
    l2: float

    def weights(self) -> tuple[np.ndarray, float]:
        kernel, *bias = self.layer.get_weights()
        return kernel.ravel().astype("float64"), float(bias[0][0]) if bias else 0.0

    def best_constant(self, y: np.ndarray) -> float:
        """The bias of the model without features."""
        if not self.layer.use_bias:
            return 0.0
        mean = float(np.mean(y))
        return float(np.log(mean / (1 - mean))) if self.logistic else mean

    def gradient_at_zero(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Gradient of the loss for the kernel where the kernel is zero and the bias the best."""
        constant = self.best_constant(y)
        fitted = 1 / (1 + np.exp(-constant)) if self.logistic else constant
        factor = 1.0 if self.logistic else 2.0
        return -factor * x.T @ (y - fitted) / len(x)


def convex_problem(model: keras.Model) -> ConvexProblem | None:
    """The convex problem that a compiled model states, or `None` for any other model."""
    layers = [layer for layer in model.layers if layer.weights]
    if len(layers) != 1 or not isinstance(layers[0], keras.layers.Dense) or layers[0].units != 1:
        return None
    logistic = loss_kind(model.loss, keras.activations.serialize(layers[0].activation))
    pairs = penalised(model)
    on_kernel = all(v is layers[0].kernel for v, _ in pairs)
    known = all(isinstance(p, L1 | L2) for _, p in pairs)  # an ElasticNet is an L1
    if logistic is None or not (on_kernel and known):
        return None
    strengths = strengths_now(model, pairs[0][1]) if pairs else {}
    return ConvexProblem(layers[0], logistic, strengths.get("l1", 0.0), strengths.get("l2", 0.0))


def loss_kind(loss: Any, activation: str) -> bool | None:
    """True for the logistic loss, False for the squared one, `None` where it is neither."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    if name in SQUARED and activation == "linear":
        return False
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    matching = "linear" if config.get("from_logits", False) else "sigmoid"
    return True if name in LOGISTIC and activation == matching else None
