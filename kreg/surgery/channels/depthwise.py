"""Depthwise and separable convolutions: each input channel has filters of its own."""

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
from kreg.surgery.channels.linear import Linear


class Depthwise(Behaviour):
    """Output channel `i * m + j` is `act(x_i * k_ij + b)`, with `m` the depth multiplier."""

    barrier = False

    def __init__(self, layer, *sizes):
        super().__init__(layer, *sizes)
        self.mixes = not activation.is_elementwise(layer.activation)
        self.kernel = layer.kernel.numpy()
        self.reads = spatial_any(self.kernel)
        self.multiplier = self.kernel.shape[-1]
        self.padded = layer.padding != "valid"

    def constants(self, inputs):
        if self.mixes:
            return np.full(self.size, UNKNOWN)
        values = inputs[0][:, None]
        steady = is_zero(values) if self.padded else known(values)
        result = np.where(steady, values, UNKNOWN) * spatial_sum(self.kernel.astype("float64"))
        result = np.where(self.reads, result, 0.0).reshape(-1)
        if self.layer.use_bias:
            result = result + self.layer.bias.numpy()
        return activation.at(self.layer.activation, result)

    def needs(self, live, constants):
        return [(self.grouped(live) & self.reads).any(axis=1)]

    def grouped(self, mask: np.ndarray) -> np.ndarray:
        return mask.reshape(-1, self.multiplier)

    def spread(self, kept):
        channels = kept.inputs[0] | self.grouped(kept.output).any(axis=1)
        if self.mixes:
            channels = np.ones_like(channels)
        return Masks([channels], np.repeat(channels, self.multiplier))

    def resized(self, live, kept, constants):
        weights = [self.kernel[..., kept.inputs[0], :]]
        if self.layer.use_bias:
            weights.append(self.layer.bias.numpy()[kept.output])
        return Resized({}, weights)


class Separable(Linear):
    """A depthwise convolution without bias, then `Linear` on its channels."""

    width = "filters"

    def __init__(self, layer, *sizes):
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

    def folded(self, values):
        depthwise = spatial_sum(self.depthwise.astype("float64"))
        pointwise = self.by_input(spatial_sum(self.kernel.astype("float64")))
        return np.einsum("i,ij,ijo->o", values, depthwise, pointwise)

    def resized(self, live, kept, constants):
        taken = np.where(~live.inputs[0] & self.foldable(constants[0]), constants[0], 0.0)
        changed = self.matrix(self.expanded(live), self.expanded(kept), self.folded(taken))
        depthwise = self.depthwise[..., kept.inputs[0], :]
        return Resized(changed.config, [depthwise, *changed.weights])

    def expanded(self, masks: Masks) -> Masks:
        """Masks on the channels between the two convolutions."""
        return Masks([np.repeat(m, self.multiplier) for m in masks.inputs], masks.output)
