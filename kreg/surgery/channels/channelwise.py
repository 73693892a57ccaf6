"""Layers without a kernel: they treat every channel by itself, move channels, or join tensors."""

from functools import reduce
from typing import Any

import keras
import numpy as np

from kreg.surgery.channels import activation
from kreg.surgery.channels.base import UNKNOWN, Behaviour, Masks, Resized, Tied, is_zero, known

layers = keras.layers


class BatchNorm(Tied):
    """`(x_i - mean_i) * scale_i + beta_i` in inference; constant where `scale_i` is zero."""

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        deviation = np.sqrt(layer.moving_variance.numpy().astype("float64") + layer.epsilon)
        self.scale = (layer.gamma.numpy() if layer.scale else 1.0) / deviation
        self.beta = layer.beta.numpy() if layer.center else np.zeros(self.size)

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        moved = (inputs[0] - self.layer.moving_mean.numpy()) * self.scale
        return np.where(self.scale == 0, 0.0, moved) + self.beta

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [live & (self.scale != 0)]

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        return Resized({}, [w[kept.output] for w in self.layer.get_weights()])


class ParametricReLU(Tied):
    """`max(x, 0) + alpha * min(x, 0)`, alpha of its own for each channel and place, or shared."""

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.alpha = layer.alpha.numpy()

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        slopes = self.alpha.reshape(-1, self.alpha.shape[-1])
        steady = (slopes == slopes[0]).all(axis=0) | (inputs[0] >= 0)
        value = np.where(inputs[0] < 0, inputs[0] * slopes[0], inputs[0])
        return np.where(known(inputs[0]) & steady, value, UNKNOWN)

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        shared = self.alpha.shape[-1] == 1 and self.size != 1
        return Resized({}, [self.alpha if shared else self.alpha[..., kept.output]])


class Same(Tied):
    """A constant channel stays what it is: noise in inference, pooling, cropping, upsampling."""

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return inputs[0].copy()


class Elementwise(Tied):
    """A function of each number by itself."""

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        fresh = type(self.layer).from_config(self.layer.get_config())
        return activation.at(fresh, inputs[0])


class OwnScale(Tied):
    """`x_i * scale_i + offset_i`: a `Rescaling` by numbers, or by lists, one for each channel."""

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.scale = np.broadcast_to(np.asarray(layer.scale, np.float64), self.size)
        self.offset = np.broadcast_to(np.asarray(layer.offset, np.float64), self.size)

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.where(self.scale == 0, 0.0, inputs[0] * self.scale) + self.offset

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [live & (self.scale != 0)]

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        names = {"scale": self.scale, "offset": self.offset}
        given = {name: getattr(self.layer, name) for name in names}
        lists = {n: v[kept.output].tolist() for n, v in names.items() if np.ndim(given[n])}
        return Resized(lists)


class LearnedScale(Tied):
    """`x_i * kernel_i`: an `EinsumDense` that has a factor for each channel."""

    EQUATION = "bd,d->bd"

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.kernel = layer.kernel.numpy()

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.where(self.kernel == 0, 0.0, inputs[0] * self.kernel)

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [live & (self.kernel != 0)]

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        kernel = self.kernel[kept.output]
        return Resized({"output_shape": [len(kernel)]}, [kernel])


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
