"""The numbers of an epoch that Keras itself holds: in its logs and in its optimizer."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg.measuring import evaluators
from kreg.measuring.replicas import graph

Logs: TypeAlias = dict[str, Any]  # what Keras hands its callbacks


def scalars(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """The entries of `logs` that are one number, as floats.

    >>> scalars({"loss": 1, "f1": np.ones(1), "name": "run"})
    {'loss': 1.0, 'f1': 1.0}
    """
    return {name: number(value) for name, value in (logs or {}).items() if is_scalar(value)}


def is_scalar(value: object) -> bool:
    """Whether it is a Python number or an array with one element."""
    if isinstance(value, int | float):
        return True
    return hasattr(value, "shape") and np.prod(value.shape, dtype=int) == 1


def number(value: Any) -> float:
    """A Python number, or the one element of an array."""
    return float(value) if isinstance(value, int | float) else float(np.asarray(value).ravel()[0])


def learning_rate(model: keras.Model) -> float | None:
    """The optimizer's present learning rate, or `None` where there is not exactly one."""
    scaled = getattr(getattr(model, "optimizer", None), "scaled_rate", None)
    if scaled is None:
        rate = present_rate(model)
    else:  # a schedule, whose operations take a while
        make = lambda: graph(lambda: present_rate(model))  # noqa: E731
        rate = evaluators.kept(model, (learning_rate,), make, scaled)()
    return None if rate is None else float(ops.convert_to_numpy(rate))


def present_rate(model: keras.Model) -> Any:
    """The same as a tensor; of a schedule after so many steps as were taken."""
    optimizer: Any = getattr(model, "optimizer", None)
    scaled = getattr(optimizer, "scaled_rate", None)
    if scaled is not None:
        return scaled(optimizer.iterations)
    return getattr(optimizer, "learning_rate", None)


def are_finite(model: keras.Model) -> Any:
    """Whether all weights of the model are finite, as a tensor."""
    floats = [v for v in model.weights if keras.backend.is_float_dtype(v.dtype)]
    return ops.all(ops.stack([ops.all(ops.isfinite(v)) for v in floats])) if floats else True


def iterations(model: keras.Model) -> int | None:
    """Optimizer steps so far, or `None` for a model without an optimizer."""
    steps = getattr(getattr(model, "optimizer", None), "iterations", None)
    return None if steps is None else int(ops.convert_to_numpy(steps))
