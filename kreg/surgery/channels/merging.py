"""Layers that join several tensors: channel by channel, or one after the other."""

from functools import reduce

import keras
import numpy as np

from kreg.surgery.channels.base import Behaviour, Masks, Tied

layers = keras.layers
COMBINE = {
    layers.Add: lambda a: np.sum(a, axis=0),
    layers.Subtract: lambda a: a[0] - a[1],
    layers.Average: lambda a: np.mean(a, axis=0),
    layers.Maximum: lambda a: np.max(a, axis=0),
    layers.Minimum: lambda a: np.min(a, axis=0),
    layers.Multiply: lambda a: reduce(product, a),
}


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a * b`, where zero times anything is zero."""
    return np.where((a == 0) | (b == 0), 0.0, a * b)


class Merge(Tied):
    """All inputs and the output have the same channels."""

    def constants(self, inputs):
        return COMBINE[type(self.layer)](np.stack(inputs))


class Concat(Behaviour):
    """The channels of the inputs, one after the other."""

    barrier = False
    mixes = False

    def parts(self, mask: np.ndarray) -> list[np.ndarray]:
        return np.split(mask, np.cumsum(self.sizes)[:-1])

    def constants(self, inputs):
        return np.concatenate(inputs)

    def needs(self, live, constants):
        return self.parts(live)

    def spread(self, kept):
        inputs = [a | b for a, b in zip(kept.inputs, self.parts(kept.output), strict=True)]
        return Masks(inputs, np.concatenate(inputs))
