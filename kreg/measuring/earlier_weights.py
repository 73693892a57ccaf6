"""The weights at the start of a training and one epoch ago: how far the layers have moved."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import keras
import numpy as np
from keras import ops

MAX_COPY = 20_000_000  # weights; larger models are not copied for distances


def kernels(model: keras.Model) -> list[keras.Variable]:
    """Trainable weights of rank >= 2, or none where copies of them would cost too much memory."""
    found = [v for v in model.trainable_variables if len(v.shape) >= 2]
    return found if sum(int(np.prod(v.shape)) for v in found) <= MAX_COPY else []


class FirstWeights:
    """When the training began, and with which weights: variable path to value.

    Args:
        model: A built model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.began = now()
        self.weights = {v.path: np.array(ops.convert_to_numpy(v)) for v in kernels(model)}

    def get_state(self) -> dict[str, Any]:
        return {"began": self.began, "weights": dict(self.weights)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.began = state["began"]
        self.weights = {path: np.asarray(value) for path, value in state["weights"].items()}


class LastWeights:
    """The weights one epoch ago, as the backend's tensors: they go to the host once, at the end.

    Args:
        model: A built model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.kernels = kernels(model)
        self._before: list[Any] = []
        self._now: list[Any] = []

    @property
    def known(self) -> bool:
        """Whether anything has been noted."""
        return bool(self._now)

    def take(self, values: list[Any]) -> None:
        """Note the kernels' values at the end of an epoch."""
        self._before, self._now = self._now, values

    def weights(self) -> dict[str, np.ndarray]:
        """Variable path to its value one epoch ago; empty before the second epoch."""
        values = zip(self.kernels, self._before, strict=False)
        return {v.path: ops.convert_to_numpy(value) for v, value in values}

    def get_state(self) -> list[np.ndarray]:
        """The values one epoch ago: what is missing where no further epoch is trained."""
        return [np.array(ops.convert_to_numpy(value)) for value in self._before]

    def set_state(self, values: Sequence[Any], begun_with: Sequence[Any] = ()) -> None:
        self._before = list(values)
        if begun_with:
            self.take(list(begun_with))

    def begun_with(self) -> list[np.ndarray]:
        """The values with which this epoch has begun: what is missing within one."""
        return [np.array(ops.convert_to_numpy(value)) for value in self._now]


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
