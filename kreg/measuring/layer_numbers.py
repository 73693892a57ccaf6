"""Numbers of each layer: what it holds, what regularizes it, where it has moved, what is dead."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, TypeGuard

import keras
import numpy as np
from keras import ops

from kreg import private_keras, weight_names
from kreg.diagnostics import weights as measure
from kreg.measuring.lent import inference, lent
from kreg.measuring.replicas import tensors
from kreg.measuring.rows import Rows
from kreg.weight_names import is_kernel

NOISE = ("Dropout", "Noise", "DropBlock", "DropConnect", "StochasticDepth", "DropPath")
RATES = ("rate", "stddev", "drop_rate")
DEAD_ROWS = 256


def leaves(model: keras.Model) -> list[keras.Layer]:
    """All layers of a model in their order, those of nested models in place of the model."""
    found: list[keras.Layer] = []
    for layer in model.layers:
        found += leaves(layer) if getattr(layer, "layers", None) else [layer]
    return found


def layer_rows(
    model: keras.Model,
    start: Mapping[str, np.ndarray],
    before: Mapping[str, np.ndarray],
    dead: Mapping[str, float],
) -> list[dict[str, Any]]:
    """One dict a layer with weights, with the keys of `kreg.diagnostics.layer_table`.

    Args:
        model: A built model.
        start: Variable path to its value at the start of the training.
        before: Variable path to its value one epoch ago.
        dead: Layer name to its share of dead units.
    """
    layers = leaves(model)
    noise = _noise_around(layers)
    decay = getattr(model.optimizer, "weight_decay", None)
    return [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "params": weight_names.parameters(layer),
            "effective": _not_zero(layer),
            "trainable": bool(layer.trainable_variables),
            "regularization": ", ".join([*_penalties(layer, decay), *noise.get(id(layer), [])]),
            "dead": dead.get(layer.name),
            **rank_left(layer),
            **_numbers(layer, start, before),
        }
        for layer in layers
        if weight_names.parameters(layer)
    ]


def _not_zero(layer: keras.Layer) -> int:
    """Trainable weights that are not exactly zero: what the layer can still use."""
    values = (ops.convert_to_numpy(v) for v in layer.trainable_variables)
    return sum(int(np.count_nonzero(value)) for value in values)


def _numbers(
    layer: keras.Layer, start: Mapping[str, np.ndarray], before: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Norms of the layer's largest kernel."""
    found = [v for v in layer.weights if is_kernel(v)]
    if not found:
        return {}
    largest = max(found, key=lambda v: int(np.prod(v.shape)))
    value = ops.convert_to_numpy(largest)
    size = sum(int(np.prod(v.shape)) for v in found)
    result = {
        "norm": measure.frobenius(value),
        "spectral_norm": measure.spectral_norm(value),
        "stable_rank": measure.stable_rank(value),
        "zeros": sum(measure.zeros(ops.convert_to_numpy(v)) for v in found) / size,
    }
    if largest.path in start:
        result["distance"] = measure.distance(value, start[largest.path])
    if largest.path in before:
        result["update_ratio"] = measure.update_ratio(value, before[largest.path])
    return result


def _penalties(layer: keras.Layer, decay: float | None) -> list[str]:
    """Regularizers, constraints and weight decay of a layer's own weights."""
    found = []
    for variable in layer.trainable_variables:
        for part in (variable.regularizer, variable.constraint):
            if part is not None:
                found.append(f"{describe(part)} on {variable.name}{rank_by(part, variable)}")
    if getattr(layer, "activity_regularizer", None) is not None:
        found.append(f"{describe(layer.activity_regularizer)} on its output")
    if decay and layer.trainable_variables:
        found.append(f"weight decay({decay:g})")
    return found


def _noise_around(layers: list[keras.Layer]) -> dict[int, list[str]]:
    """Noise layers, credited to the nearest layers with weights before and after them."""
    found: dict[int, list[str]] = {}
    owner: keras.Layer | None = None
    waiting: list[str] = []
    for layer in layers:
        if any(word in type(layer).__name__ for word in NOISE):
            waiting.append(describe(layer))
            if owner is not None:
                found.setdefault(id(owner), []).append(f"{waiting[-1]} after")
        elif layer.trainable_variables:
            found.setdefault(id(layer), []).extend(f"{text} before" for text in waiting)
            owner, waiting = layer, []
    return found


def rank_left(layer: keras.Layer) -> dict[str, int]:
    """`rank` of the kernels with a penalty of singular values, and `full_rank`, the most of it."""
    found = [v for v in layer.trainable_variables if hasattr(v.regularizer, "rank")]
    if not found:
        return {}
    rank = sum(v.regularizer.rank(v) for v in found)
    return {"rank": rank, "full_rank": sum(min(v.shape) for v in found)}


def rank_by(part: Any, variable: keras.Variable) -> str:
    """What a penalty of singular values has left of a weight."""
    if not hasattr(part, "rank"):
        return ""
    return f" (rank {part.rank(variable)} of {min(variable.shape)})"


def describe(part: Any) -> str:
    """`L2(0.001)`: class and main number, then those that are not the defaults, by name.

    >>> describe(keras.regularizers.L2(0.001))
    'L2(0.001)'
    >>> describe(keras.constraints.MaxNorm(2, axis=1))
    'MaxNorm(2, axis=1)'
    """
    name = type(part).__name__
    if name == "Constrained":  # a penalty of kreg inside sets
        return " within ".join(describe(one) for one in (part.penalty, *part.constraints))
    present = getattr(part, "current_rate", None)  # a rate that follows a schedule, or is learned
    if present is not None:
        return f"{name}({present:g})"
    config = part.get_config() if hasattr(part, "get_config") else {}
    if isinstance(part, keras.layers.Layer):
        config = {key: config[key] for key in RATES if key in config}
    numbers = {key: value for key, value in config.items() if _is_number(value)}
    if not numbers:
        return f"{name}()"
    main, *others = numbers
    defaults = signature(type(part)).parameters
    others = [key for key in others if key in defaults and numbers[key] != defaults[key].default]
    told = [f"{numbers[main]:g}", *(f"{key}={numbers[key]:g}" for key in others)]
    return f"{name}({', '.join(told)})"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def dead_units(model: keras.Model, rows: Rows) -> dict[str, float]:
    """Layer name to the share of its units that no row makes active: ReLU outputs always zero.

    On 256 rows. A layer is watched while the model runs, wherever it is called: in a model of one's
    own class, in one that begins in the middle of a graph, several times.

    Args:
        model: A built model.
        rows: The `Rows` to look at.
    """
    layers = [layer for layer in leaves(model) if _is_relu(layer)]
    seen: dict[str, list[np.ndarray]] = {}

    def see(layer: keras.Layer, outputs: Any) -> None:
        seen.setdefault(layer.name, []).append(ops.convert_to_numpy(outputs))

    if layers:
        with lent(model), private_keras.watched(layers, see):
            inference(model)(tensors(next(rows.spread(DEAD_ROWS).batches())[0]))
    return {name: measure.dead_units(together(found)) for name, found in seen.items()}


def together(outputs: list[np.ndarray]) -> np.ndarray:
    """The outputs of several calls of a layer as rows of units."""
    return np.concatenate([values.reshape(-1, values.shape[-1]) for values in outputs])


def _is_relu(layer: keras.Layer) -> bool:
    activation = getattr(layer, "activation", None)
    return isinstance(layer, keras.layers.ReLU) or activation is keras.activations.relu
