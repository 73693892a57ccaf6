"""Layers without weights: they leave every channel by itself, move channels, or join tensors."""

from functools import reduce

import keras
import numpy as np

from kreg.surgery.channels import activation
from kreg.surgery.channels.base import UNKNOWN, Behaviour, Masks, Resized, Tied, is_zero

layers = keras.layers


class Same(Tied):
    """A constant channel stays what it is: noise in inference, pooling, cropping, upsampling."""

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return inputs[0].copy()


class Elementwise(Tied):
    """A function of each number by itself."""

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        fresh = type(self.layer).from_config(self.layer.get_config())
        return activation.at(fresh, inputs[0])


class ZeroPadding(Tied):
    """Only the constant zero survives a border of zeros."""

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.where(is_zero(inputs[0]), 0.0, UNKNOWN)


class ReshapeSpace(Same):
    """A reshape that leaves the channels in the last axis."""

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        target = [int(n) for n in self.layer.target_shape]
        return Resized({"target_shape": [*target[:-1], int(kept.output.sum())]})


class Flat(Behaviour):
    """Places times channels become one axis: channel i is found at every place."""

    barrier = False
    mixes = False

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.tile(inputs[0], self.places)

    @property
    def places(self) -> int:
        return self.size // self.sizes[0]

    def channels(self, mask: np.ndarray) -> np.ndarray:
        return np.logical_or.reduce(mask.reshape(self.places, -1), axis=0)

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [self.channels(live)]

    def spread(self, kept: Masks) -> Masks:
        channels = kept.inputs[0] | self.channels(kept.output)
        return Masks([channels], np.tile(channels, self.places))


class FlatReshape(Flat):
    """`Reshape` to a vector."""

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        return Resized({"target_shape": [int(kept.output.sum())]})


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

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return COMBINE[type(self.layer)](np.stack(inputs))


class Concat(Behaviour):
    """The channels of the inputs, one after the other."""

    barrier = False
    mixes = False

    def parts(self, mask: np.ndarray) -> list[np.ndarray]:
        return np.split(mask, np.cumsum(self.sizes)[:-1])

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(inputs)

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return self.parts(live)

    def spread(self, kept: Masks) -> Masks:
        inputs = [a | b for a, b in zip(kept.inputs, self.parts(kept.output), strict=True)]
        return Masks(inputs, np.concatenate(inputs))
