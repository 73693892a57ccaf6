"""How much a model can hold, on paper: parameters per example, degrees of freedom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kreg import check
from kreg.surgery.rules import path_in, weights_of
from kreg.surgery.table import text_table

STILL = (keras.layers.InputLayer, keras.layers.Flatten)


@dataclass(frozen=True)
class Capacity:
    """The size of a model against the size of its data.

    Args:
        parameters: Number of trainable weights.
        effective: Those that are not exactly zero.
        examples: Number of training examples.
        layers: `(weight path, parameters, effective parameters)` of every trainable weight.
    """

    parameters: int
    effective: int
    examples: int
    layers: tuple[tuple[str, int, int], ...]

    @property
    def per_example(self) -> float:
        """Parameters for each training example; above 1 the data alone cannot fix them."""
        return self.parameters / self.examples

    @property
    def effective_per_example(self) -> float:
        return self.effective / self.examples

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rows = [{"weight": w, "parameters": n, "effective": e} for w, n, e in self.layers]
        return {
            "parameters": self.parameters,
            "effective": self.effective,
            "examples": self.examples,
            "per_example": self.per_example,
            "effective_per_example": self.effective_per_example,
            "layers": rows,
        }

    def __str__(self) -> str:
        table = text_table(("weight", "parameters", "effective"), self.layers)
        return (
            f"{table}\n{self.parameters} parameters, {self.effective} of them not zero, for "
            f"{self.examples} examples: {self.per_example:.2f} and "
            f"{self.effective_per_example:.2f} for each"
        )


def capacity(model: keras.Model, examples: int) -> Capacity:
    """Parameters per example, before and after what is exactly zero is taken away.

    Args:
        model: A built `keras.Model`.
        examples: Whole number >= 1 of training examples.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> model.set_weights([np.array([[1.0], [0.0], [2.0]]), np.ones(1)])
    >>> found = capacity(model, examples=8)
    >>> found.parameters, found.effective, found.per_example
    (4, 3, 0.5)
    """
    check.integer("examples", examples, low=1)
    trained = [(path_in(model, w), w.numpy()) for _, w in weights_of(model) if w.trainable]
    rows = tuple((path, w.size, int(np.count_nonzero(w))) for path, w in trained)
    return Capacity(
        parameters=sum(row[1] for row in rows),
        effective=sum(row[2] for row in rows),
        examples=examples,
        layers=rows,
    )


def degrees_of_freedom(
    x: Any,
    l2: float = 0.0,
    active: Sequence[int] | np.ndarray | None = None,
    intercept: bool = True,
) -> float:
    """`trace X_A (X_A' X_A + n l2 I)^-1 X_A'`, plus 1 for the intercept.

    The effective number of parameters of a linear model with mean squared error: with no penalty
    the rank of the data, less with L2 (Hastie, Tibshirani & Friedman, ESL, section 3.4.1), and
    with L1 the number of features that are left (Zou, Hastie & Tibshirani, 2007).

    Args:
        x: Array (examples, features).
        l2: Number >= 0 in Keras's scaling, `l2 * sum(w ** 2)` beside a mean squared error: it
            equals scikit-learn's `Ridge(alpha=n * l2)`.
        active: Indices of the features whose weight is not zero. Defaults to all.
        intercept: Whether the model has a bias, which is not penalised.

    >>> x = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    >>> degrees_of_freedom(x), degrees_of_freedom(x, active=[0])
    (3.0, 2.0)
    """
    x = np.asarray(x, dtype="float64")
    if x.ndim != 2 or not len(x):
        raise check.invalid("x", "an array of shape (examples, features)", x.shape)
    l2 = check.number("l2", l2, low=0)
    chosen = x if active is None else x[:, np.asarray(active, dtype=int)]
    centred = chosen - chosen.mean(axis=0) if intercept else chosen
    squares = np.linalg.svd(centred, compute_uv=False) ** 2
    squares = squares[squares > squares.max(initial=0.0) * 1e-12]
    return round(float((squares / (squares + len(x) * l2)).sum()), 12) + float(intercept)


def linear_degrees_of_freedom(model: keras.Model, x: Any) -> float:
    """`degrees_of_freedom` of a Keras model of one `Dense` layer, summed over its outputs.

    The L2 strength is read from the kernel's regularizer, the active features from its zeros.

    Args:
        model: A built `keras.Model` of one `Dense` without activation, after at most a `Flatten`.
        x: Array (examples, ...): the training inputs.

    Raises:
        ValueError: If the model is not linear, or its strength follows a schedule.
    """
    x = np.asarray(x).reshape(len(x), -1)
    layer = only_dense(model)
    kernel = layer.kernel.numpy()
    l2 = l2_of(layer.kernel.regularizer) * kernel.shape[1]  # Keras's mse averages over outputs
    columns = [np.flatnonzero(kernel[:, k]) for k in range(kernel.shape[1])]
    return sum((degrees_of_freedom(x, l2, active, layer.use_bias) for active in columns), 0.0)


def only_dense(model: keras.Model) -> keras.layers.Dense:
    layer = linear_layer(model)
    if layer is None:
        raise ValueError(
            f"The model {model.name!r} is not linear: degrees of freedom are defined here for one "
            "Dense layer without activation. For others see `kreg.surgery.capacity`."
        )
    return layer


def linear_layer(model: keras.Model) -> keras.layers.Dense | None:
    """The `Dense` that is the whole model, or `None`.

    Other layers (a rescaling, noise) change what the strength of its penalty means.
    """
    found = [layer for layer in model.layers if not isinstance(layer, STILL)]
    dense = len(found) == 1 and type(found[0]) is keras.layers.Dense
    return found[0] if dense and found[0].activation is keras.activations.linear else None


def l2_of(regularizer: Any) -> float:
    """The strength of the squared part of a regularizer; 0 where it has none.

    Raises:
        ValueError: If it follows a schedule.
    """
    config = regularizer.get_config() if hasattr(regularizer, "get_config") else {}
    value = config.get("l2", 0.0)
    return check.number("l2", value, low=0)
