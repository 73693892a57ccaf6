"""Layers without weights that treat every channel by itself, and those that move channels."""

import numpy as np

from kreg.surgery.channels import activation
from kreg.surgery.channels.base import UNKNOWN, Behaviour, Masks, Resized, Tied, is_zero


class Same(Tied):
    """A constant channel stays what it is: noise in inference, pooling, cropping, upsampling."""

    def constants(self, inputs):
        return inputs[0].copy()


class Elementwise(Tied):
    """A function of each number by itself."""

    def constants(self, inputs):
        fresh = type(self.layer).from_config(self.layer.get_config())
        return activation.at(fresh, inputs[0])


class ZeroPadding(Tied):
    """Only the constant zero survives a border of zeros."""

    def constants(self, inputs):
        return np.where(is_zero(inputs[0]), 0.0, UNKNOWN)


class ReshapeSpace(Same):
    """A reshape that leaves the channels in the last axis."""

    def resized(self, live, kept, constants):
        target = [int(n) for n in self.layer.target_shape]
        return Resized({"target_shape": [*target[:-1], int(kept.output.sum())]})


class Flat(Behaviour):
    """Places times channels become one axis: channel i is found at every place."""

    barrier = False
    mixes = False

    def constants(self, inputs):
        return np.tile(inputs[0], self.places)

    @property
    def places(self) -> int:
        return self.size // self.sizes[0]

    def channels(self, mask: np.ndarray) -> np.ndarray:
        return mask.reshape(self.places, -1).any(axis=0)

    def needs(self, live, constants):
        return [self.channels(live)]

    def spread(self, kept):
        channels = kept.inputs[0] | self.channels(kept.output)
        return Masks([channels], np.tile(channels, self.places))


class FlatReshape(Flat):
    """`Reshape` to a vector."""

    def resized(self, live, kept, constants):
        return Resized({"target_shape": [int(kept.output.sum())]})
