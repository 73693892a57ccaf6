"""Initial weights that are fitted to training rows, or zero."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 1000
MIXED = 5  # rows whose pre-activations make up the bias of a unit


def set_zero(layer: keras.Layer) -> None:
    """All weights of a layer become zero."""
    layer.set_weights([np.zeros(weight.shape) for weight in layer.weights])


def fit_units(model: keras.Model, dense: Sequence[str], rows: NDArray[np.float32]) -> None:
    """Scale each unit of these layers to deviation 1 on the rows, and spread their thresholds.

    A unit's bias is minus a random convex mixture of its pre-activations at five rows: the
    activations bend where there are data (RealMLP's "he+5"). Layers are fitted one after the other.

    Args:
        model: With the dense layers of these names, of a linear activation.
        dense: In running order.
        rows: `(rows, features)`, of which 1,000 at even distances are used.
    """
    used = rows[np.arange(min(len(rows), MOST_ROWS)) * len(rows) // min(len(rows), MOST_ROWS)]
    for name in dense:
        layer = model.get_layer(name)
        before = keras.Model(model.input, layer.input)(used)
        fit_layer(layer, np.asarray(keras.ops.convert_to_numpy(before), np.float64))


def fit_layer(layer: keras.layers.Dense, inputs: NDArray[np.float64]) -> None:
    """Kernel and bias of one layer for these inputs, `(rows, features)`."""
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float64)
    deviation = (inputs @ kernel).std(axis=0)
    kernel = kernel / np.where(deviation > 0, deviation, 1.0)
    reached, units = inputs @ kernel, kernel.shape[1]
    draws = keras.ops.convert_to_numpy(keras.random.uniform((2, MIXED, units)))
    places = np.minimum((draws[0] * len(inputs)).astype(int), len(inputs) - 1)
    shares = -np.log(1.0 - np.minimum(draws[1], 1 - 1e-7))  # exponential: uniform on the simplex
    mixture = reached[places, np.arange(units)] * shares / shares.sum(axis=0)
    layer.set_weights([kernel, -mixture.sum(axis=0)])
