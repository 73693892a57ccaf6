"""Layers with a kernel: dense ones and convolutions, ordinary, depthwise and separable."""

from typing import Any

import keras
import numpy as np

from kreg.surgery.channels import activation
from kreg.surgery.channels.base import (
    UNKNOWN,
    Behaviour,
    Masks,
    Resized,
    is_zero,
    known,
    spatial_any,
    spatial_sum,
)


class Dense(Behaviour):
    """`act(sum_i x_i k_ij + b_j)`.

    An input channel is not needed where its row of the kernel is zero, or where it is a constant
    that the bias can take over. With padding that invents zeros at the border a constant other
    than zero is not constant there, and stays.
    """

    barrier = False
    width = "units"

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.mixes = not activation.is_elementwise(layer.activation)
        self.kernel = layer.kernel.numpy()
        self.reads = spatial_any(self.kernel)
        self.padded = getattr(layer, "padding", "valid") != "valid"

    def bias(self) -> np.ndarray:
        size = self.kernel.shape[-1]
        return self.layer.bias.numpy().astype("float64") if self.layer.use_bias else np.zeros(size)

    def foldable(self, values: np.ndarray) -> np.ndarray:
        """The constants that can go into the bias."""
        return is_zero(values) if self.padded else known(values)

    def folded(self, values: np.ndarray) -> np.ndarray:
        """What the input channels with these values (0 for none) add to the bias."""
        return values @ spatial_sum(self.kernel.astype("float64"))

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        (values,) = inputs
        foldable = self.foldable(values)
        if self.mixes:
            return np.full(self.size, UNKNOWN)
        varies = (self.reads & ~foldable[:, None]).any(axis=0)
        result = self.folded(np.where(foldable, values, 0.0)) + self.bias()
        return activation.at(self.layer.activation, np.where(varies, UNKNOWN, result))

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [(self.reads & live).any(axis=1) & ~self.foldable(constants[0])]

    def spread(self, kept: Masks) -> Masks:
        return Masks(kept.inputs, np.ones_like(kept.output) if self.mixes else kept.output)

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        taken = np.where(~live.inputs[0] & self.foldable(constants[0]), constants[0], 0.0)
        return self.matrix(live, kept, self.folded(taken))

    def matrix(self, live: Masks, kept: Masks, extra: np.ndarray) -> Resized:
        """Kernel and bias without the channels that go; what is kept unneeded is set to zero."""
        kernel = np.where(live.inputs[0][:, None] & live.output, self.kernel, 0)
        kernel = kernel[..., kept.inputs[0], :][..., kept.output]
        use_bias = self.layer.use_bias or bool((extra[live.output] != 0).any())
        bias = np.where(live.output, self.bias() + extra, 0.0)[kept.output]
        weights = [kernel, bias.astype(self.kernel.dtype)] if use_bias else [kernel]
        return Resized({self.width: int(kept.output.sum()), "use_bias": use_bias}, weights)


class Convolution(Dense):
    """`Dense` with a small window in space."""

    width = "filters"


class MemberHeads(Dense):
    """A kernel and a bias for each place of the axis before the channels: `bkd,kdc->bkc`.

    An input channel is not needed where no head reads it, or where all biases can take it over.
    """

    EQUATION = "bkd,kdc->bkc"

    def bias(self) -> np.ndarray:
        return self.layer.bias.numpy().astype("float64")

    def folded(self, values: np.ndarray) -> np.ndarray:
        return np.einsum("d,kdc->kc", values, self.kernel.astype("float64"))

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.full(self.size, UNKNOWN)  # each head has another one

    def spread(self, kept: Masks) -> Masks:
        return Masks(kept.inputs, np.ones_like(kept.output))

    def matrix(self, live: Masks, kept: Masks, extra: np.ndarray) -> Resized:
        kernel = np.where(live.inputs[0][:, None], self.kernel, 0)[:, kept.inputs[0]]
        return Resized({}, [kernel, (self.bias() + extra).astype(self.kernel.dtype)])


class Depthwise(Behaviour):
    """Output channel `i * m + j` is `act(x_i * k_ij + b)`, with `m` the depth multiplier."""

    barrier = False

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.mixes = not activation.is_elementwise(layer.activation)
        self.kernel = layer.kernel.numpy()
        self.reads = spatial_any(self.kernel)
        self.multiplier = self.kernel.shape[-1]
        self.padded = layer.padding != "valid"

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        if self.mixes:
            return np.full(self.size, UNKNOWN)
        values = inputs[0][:, None]
        steady = is_zero(values) if self.padded else known(values)
        result = np.where(steady, values, UNKNOWN) * spatial_sum(self.kernel.astype("float64"))
        result = np.where(self.reads, result, 0.0).reshape(-1)
        if self.layer.use_bias:
            result = result + self.layer.bias.numpy()
        return activation.at(self.layer.activation, result)

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [(self.grouped(live) & self.reads).any(axis=1)]

    def grouped(self, mask: np.ndarray) -> np.ndarray:
        return mask.reshape(-1, self.multiplier)

    def spread(self, kept: Masks) -> Masks:
        channels = kept.inputs[0] | self.grouped(kept.output).any(axis=1)
        if self.mixes:
            channels = np.ones_like(channels)
        return Masks([channels], np.repeat(channels, self.multiplier))

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        weights = [self.kernel[..., kept.inputs[0], :]]
        if self.layer.use_bias:
            weights.append(self.layer.bias.numpy()[kept.output])
        return Resized({}, weights)


class Separable(Dense):
    """A depthwise convolution without bias, then `Dense` on its channels."""

    width = "filters"

    def __init__(self, layer: keras.Layer, *sizes: Any):
        Behaviour.__init__(self, layer, *sizes)
        self.mixes = not activation.is_elementwise(layer.activation)
        self.depthwise = layer.depthwise_kernel.numpy()
        self.kernel = layer.pointwise_kernel.numpy()
        self.multiplier = self.depthwise.shape[-1]
        self.padded = layer.padding != "valid"
        pairs = spatial_any(self.depthwise)[..., None] & self.by_input(spatial_any(self.kernel))
        self.reads = pairs.any(axis=1)

    def by_input(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the pointwise kernel as (input channel, filter of the channel, output)."""
        return rows.reshape(-1, self.multiplier, rows.shape[-1])

    def folded(self, values: np.ndarray) -> np.ndarray:
        depthwise = spatial_sum(self.depthwise.astype("float64"))
        pointwise = self.by_input(spatial_sum(self.kernel.astype("float64")))
        return np.einsum("i,ij,ijo->o", values, depthwise, pointwise)

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        taken = np.where(~live.inputs[0] & self.foldable(constants[0]), constants[0], 0.0)
        changed = self.matrix(self.expanded(live), self.expanded(kept), self.folded(taken))
        depthwise = self.depthwise[..., kept.inputs[0], :]
        return Resized(changed.config, [depthwise, *changed.weights])

    def expanded(self, masks: Masks) -> Masks:
        """Masks on the channels between the two convolutions."""
        return Masks([np.repeat(m, self.multiplier) for m in masks.inputs], masks.output)
