"""The layer table: what each layer holds, what regularizes it, and where it has moved."""

from inspect import signature

import keras
import numpy as np
from keras import ops

from kreg.diagnostics import weights as measure

NOISE = ("Dropout", "Noise", "DropBlock", "DropConnect", "StochasticDepth", "DropPath")
RATES = ("rate", "stddev", "drop_rate")
MAX_COPY = 20_000_000  # weights; larger models are not copied for distances


def kernels(model) -> list:
    """Trainable weights of rank >= 2, or none where copies of them would cost too much memory."""
    found = [v for v in model.trainable_variables if len(v.shape) >= 2]
    return found if sum(int(np.prod(v.shape)) for v in found) <= MAX_COPY else []


def copies(model) -> dict[str, np.ndarray]:
    """Variable path to a copy of its value."""
    return {v.path: np.array(ops.convert_to_numpy(v)) for v in kernels(model)}


class Last:
    """The weights one epoch ago, as the backend's tensors: they go to the host once, at the end.

    Args:
        model: A built model.
    """

    def __init__(self, model):
        self.kernels = kernels(model)
        self._before: list = []
        self._now: list = []

    @property
    def known(self) -> bool:
        """Whether anything has been noted."""
        return bool(self._now)

    def take(self, values: list) -> None:
        """Note the kernels' values at the end of an epoch."""
        self._before, self._now = self._now, values

    def weights(self) -> dict[str, np.ndarray]:
        """Variable path to its value one epoch ago; empty before the second epoch."""
        values = zip(self.kernels, self._before, strict=False)
        return {v.path: ops.convert_to_numpy(value) for v, value in values}

    def get_state(self) -> list:
        """The values one epoch ago: what is missing where no further epoch is trained."""
        return [np.array(ops.convert_to_numpy(value)) for value in self._before]

    def set_state(self, values: list) -> None:
        self._before = list(values)


def leaves(model) -> list:
    """All layers of a model in their order, those of nested models in place of the model."""
    found = []
    for layer in model.layers:
        found += leaves(layer) if getattr(layer, "layers", None) else [layer]
    return found


def rows(model, start: dict, before: dict, dead: dict) -> list[dict]:
    """One dict a layer with weights, as `kreg.diagnostics.inventory` describes them.

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
            "params": int(layer.count_params()),
            "effective": _not_zero(layer),
            "trainable": bool(layer.trainable_variables),
            "regularization": ", ".join([*_penalties(layer, decay), *noise.get(id(layer), [])]),
            "dead": dead.get(layer.name),
            **_numbers(layer, start, before),
        }
        for layer in layers
        if layer.weights
    ]


def _not_zero(layer) -> int:
    """Trainable weights that are not exactly zero: what the layer can still use."""
    values = (ops.convert_to_numpy(v) for v in layer.trainable_variables)
    return sum(int(np.count_nonzero(value)) for value in values)


def _numbers(layer, start: dict, before: dict) -> dict:
    """Norms of the layer's largest weight of rank >= 2."""
    found = [v for v in layer.weights if len(v.shape) >= 2]
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


def _penalties(layer, decay) -> list[str]:
    """Regularizers, constraints and weight decay of a layer's own weights."""
    found = []
    for variable in layer.trainable_variables:
        for part in (variable.regularizer, variable.constraint):
            if part is not None:
                found.append(f"{describe(part)} on {variable.name}")
    if getattr(layer, "activity_regularizer", None) is not None:
        found.append(f"{describe(layer.activity_regularizer)} on its output")
    if decay and layer.trainable_variables:
        found.append(f"weight decay({decay:g})")
    return found


def _noise_around(layers: list) -> dict[int, list[str]]:
    """Noise layers, credited to the nearest layers with weights before and after them."""
    found: dict[int, list[str]] = {}
    owner, waiting = None, []
    for layer in layers:
        if any(word in type(layer).__name__ for word in NOISE):
            waiting.append(describe(layer))
            if owner is not None:
                found.setdefault(id(owner), []).append(f"{waiting[-1]} after")
        elif layer.trainable_variables:
            found.setdefault(id(layer), []).extend(f"{text} before" for text in waiting)
            owner, waiting = layer, []
    return found


def describe(part) -> str:
    """`L2(0.001)`: class and main number, then those that are not the defaults, by name.

    >>> describe(keras.regularizers.L2(0.001))
    'L2(0.001)'
    >>> describe(keras.constraints.MaxNorm(2, axis=1))
    'MaxNorm(2, axis=1)'
    """
    name = type(part).__name__
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


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
