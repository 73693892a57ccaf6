"""Dense and ordinary convolutions: a matrix between channels, then an activation."""

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


class Linear(Behaviour):
    """`act(sum_i x_i k_ij + b_j)`.

    An input channel is not needed where its row of the kernel is zero, or where it is a constant
    that the bias can take over. With padding that invents zeros at the border a constant other
    than zero is not constant there, and stays.
    """

    barrier = False
    width = "units"

    def __init__(self, layer, *sizes):
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

    def constants(self, inputs):
        (values,) = inputs
        foldable = self.foldable(values)
        if self.mixes:
            return np.full(self.size, UNKNOWN)
        varies = (self.reads & ~foldable[:, None]).any(axis=0)
        result = self.folded(np.where(foldable, values, 0.0)) + self.bias()
        return activation.at(self.layer.activation, np.where(varies, UNKNOWN, result))

    def needs(self, live, constants):
        return [(self.reads & live).any(axis=1) & ~self.foldable(constants[0])]

    def spread(self, kept):
        return Masks(kept.inputs, np.ones_like(kept.output) if self.mixes else kept.output)

    def resized(self, live, kept, constants):
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


class Convolution(Linear):
    """`Linear` with a small window in space."""

    width = "filters"
