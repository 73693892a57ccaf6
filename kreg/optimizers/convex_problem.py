"""Recognise a convex problem: one dense layer, squared, logistic or softmax loss, lasso, ridge."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg.optimizers.objective import penalised, strengths_now
from kreg.regularizers import L1, L2

SQUARED = ("mse", "mean_squared_error", "MSE", "MeanSquaredError")
SOFTMAX = ("SparseCategoricalCrossentropy", "CategoricalCrossentropy")
LOGISTIC = ("binary_crossentropy", "bce", "BinaryCrossentropy")
# kernel of shape (features, outputs), and bias of shape (outputs,) or `None`, as float64
Weights: TypeAlias = tuple[np.ndarray, np.ndarray | None]


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

    def weights(self) -> Weights:
        return weights_of(self.layer)

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


@dataclass
class SoftmaxProblem:
    """`min_W,b  mean cross-entropy(softmax(X W + b), y) + l1 * sum|W| + l2 * sum W^2`."""

    layer: keras.layers.Dense
    l1: float
    l2: float

    def weights(self) -> Weights:
        return weights_of(self.layer)

    def class_weights(self, y: np.ndarray) -> np.ndarray:
        """The targets as rows that sum to 1."""
        if y.ndim == 2 and y.shape[1] == self.layer.units:
            return y.astype("float64")
        return np.eye(self.layer.units)[y.ravel().astype(int)]


def weights_of(layer: keras.layers.Dense) -> Weights:
    """Kernel and bias of a dense layer."""
    kernel, *bias = (w.astype("float64") for w in layer.get_weights())
    return kernel, bias[0] if bias else None


def convex_problem(model: keras.Model) -> ConvexProblem | None:
    """The convex problem that a compiled model states, or `None` for any other model."""
    layer = only_layer(model)
    if layer is None or layer.units != 1:
        return None
    logistic = loss_kind(model.loss, keras.activations.serialize(layer.activation))
    strengths = strengths_on(model, layer)
    if logistic is None or strengths is None:
        return None
    return ConvexProblem(layer, logistic, *strengths)


def softmax_problem(model: keras.Model) -> SoftmaxProblem | None:
    """The multinomial logistic regression that a compiled model states, or `None`."""
    layer = only_layer(model)
    if layer is None or layer.units == 1 or not is_softmax(model.loss, layer):
        return None
    strengths = strengths_on(model, layer)
    return None if strengths is None else SoftmaxProblem(layer, *strengths)


def only_layer(model: keras.Model) -> keras.layers.Dense | None:
    """The dense layer of a model that has no other weights."""
    layers = [layer for layer in model.layers if layer.weights]
    return layers[0] if len(layers) == 1 and isinstance(layers[0], keras.layers.Dense) else None


def strengths_on(model: keras.Model, layer: keras.layers.Dense) -> tuple[float, float] | None:
    """`(l1, l2)` now; `None` where something else is penalised, or by another penalty."""
    pairs = penalised(model)
    on_kernel = all(v is layer.kernel for v, _ in pairs)
    known = all(isinstance(p, L1 | L2) for _, p in pairs)  # an ElasticNet is an L1
    if not (on_kernel and known):
        return None
    strengths = strengths_now(model, pairs[0][1]) if pairs else {}
    return strengths.get("l1", 0.0), strengths.get("l2", 0.0)


def is_softmax(loss: Any, layer: keras.layers.Dense) -> bool:
    """Whether a loss object is the cross-entropy of the layer's logits or probabilities."""
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    matching = "linear" if config.get("from_logits", False) else "softmax"
    return type(loss).__name__ in SOFTMAX and (
        keras.activations.serialize(layer.activation) == matching
        and not config.get("label_smoothing", 0)
    )


def loss_kind(loss: Any, activation: str) -> bool | None:
    """True for the logistic loss, False for the squared one, `None` where it is neither."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    if name in SQUARED and activation == "linear":
        return False
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    matching = "linear" if config.get("from_logits", False) else "sigmoid"
    return True if name in LOGISTIC and activation == matching else None
