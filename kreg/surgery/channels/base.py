"""What compression must know about a layer: how channels flow through it.

A channel is an index of the last axis. Four questions, one behaviour for each kind of layer:

- `constants`: which output channels are the same number whatever the model's input;
- `needs`: which input channels the needed output channels are computed from;
- `spread`: which input and output channels can only be removed together;
- `resized`: the configuration and the weights of the layer with fewer channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kreg.surgery.graph import Shape

UNKNOWN = np.nan


@dataclass
class Masks:
    """One boolean mask for each tensor of a call: `True` where the channel is needed or kept."""

    inputs: list[np.ndarray]
    output: np.ndarray


@dataclass
class Resized:
    """What changes in a layer: entries of its configuration, and all of its weights."""

    config: dict[str, Any] = field(default_factory=dict)
    weights: list[np.ndarray] = field(default_factory=list)


class Behaviour:
    """A barrier: reads every channel, makes every channel, stays as it is. Always right.

    Args:
        layer: The Keras layer.
        sizes: The number of channels of each input.
        size: The number of channels of the output.
        shapes: The shapes of the inputs, batch axis included, and of the output.
    """

    barrier = True
    mixes = True  # an output channel is not a function of its own column alone: all are needed

    def __init__(
        self,
        layer: keras.Layer | None,
        sizes: list[int],
        size: int,
        shapes: Sequence[Shape] = (),
    ):
        self.layer: keras.Layer = layer  # `None` for noise alone, whose behaviour never asks
        self.sizes = sizes
        self.size = size
        self.shapes = shapes

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Per output channel its constant value, NaN where it is unknown."""
        return np.full(self.size, UNKNOWN)

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        """Per input the channels that the output channels `live` are computed from."""
        return [np.ones(size, bool) for size in self.sizes]

    def spread(self, kept: Masks) -> Masks:
        """The smallest masks above `kept` in which the layer still works."""
        return Masks([np.ones(size, bool) for size in self.sizes], np.ones(self.size, bool))

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized | None:
        """The layer with the channels `kept`, or `None` where it stays as it is."""
        return None


class Tied(Behaviour):
    """Channel i of the output depends on channel i of each input, and on nothing else."""

    barrier = False
    mixes = False

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [live.copy() for _ in self.sizes]

    def spread(self, kept: Masks) -> Masks:
        together = np.logical_or.reduce([*kept.inputs, kept.output])
        return Masks([together.copy() for _ in self.sizes], together)


def is_zero(values: np.ndarray) -> np.ndarray:
    return values == 0


def known(values: np.ndarray) -> np.ndarray:
    return ~np.isnan(values)


def spatial_sum(kernel: np.ndarray) -> np.ndarray:
    """The kernel summed over all axes but the last two: what it does to a constant image."""
    return kernel.reshape(-1, *kernel.shape[-2:]).sum(axis=0)


def spatial_any(kernel: np.ndarray) -> np.ndarray:
    """Whether any entry is not zero, over all axes but the last two."""
    return (kernel != 0).reshape(-1, *kernel.shape[-2:]).any(axis=0)
