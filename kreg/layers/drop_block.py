"""Dropout of contiguous blocks of feature maps."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg.layers import arguments, block_rate
from kreg.layers.arguments import Rate, Shape
from kreg.layers.dropout import drop
from kreg.layers.noise import Noise, Number
from kreg.schedules import Schedule

Sizes = tuple[int, ...]  # of a map or a block, one for each spatial axis


class DropBlock(Noise):
    """Sets random blocks of each feature map to zero and scales what is left; rank by subclass.

    Each map of each sample draws its own blocks. They lie inside the map and may overlap; their
    number is such that the expected dropped fraction of a map is `rate` exactly (the paper's
    formula neglects overlaps). What is left of a map is scaled by `positions / positions left`, so
    that the mean of a constant map does not change. A block larger than the map is cut to it; if it
    covers all of it, the layer is `SpatialDropout`. Square maps and blocks are no condition.

    The paper raises the rate linearly from 0 during training:
    `DropBlock2D(kreg.schedules.Linear(0.0, 0.1, duration=steps), block_size=7)`.
    Source: Ghiasi et al., DropBlock, 2018.

    Args:
        rate: Number in [0, 1), the expected fraction of a map that is dropped; or a
            `kreg.Schedule`.
        block_size: Whole number >= 1, or one for each spatial axis. Defaults to `7`.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's own setting.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: If an argument is out of range, or the spatial size of an input is not known.
    """

    axes = 0

    def __init__(
        self,
        rate: Rate,
        block_size: int | Sequence[int] = 7,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed=seed, **kwargs)
        self.block_size = arguments.block_size(block_size, self.axes)
        self.data_format = arguments.data_format(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=self.axes + 2)

    @property
    def channels_last(self) -> bool:
        return self.data_format == "channels_last"

    def build(self, input_shape: Shape) -> None:
        self.first_shape = tuple(input_shape)

    def hold_rate(self) -> None:
        if self.built and None not in self._axes_of(self.first_shape):
            super().hold_rate()

    def next_numbers(self, shape: Shape) -> Sequence[Number]:
        if self.held is not None and self._sizes(shape) != self._sizes(self.first_shape):
            raise ValueError(
                f"Layer {self.name!r} holds the number of blocks for maps of one size, "
                f"{self._sizes(self.first_shape)}. Received an input of shape {tuple(shape)}. Give "
                "each size a layer of its own."
            )
        return super().next_numbers(shape)

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        sizes = self._sizes(shape)
        return self._gamma(rate, sizes, self._blocks(sizes)), 1.0 / (1.0 - rate)

    def noise(self, inputs: keras.KerasTensor, gamma: Number, scale: Number) -> keras.KerasTensor:
        sizes = self._sizes(inputs.shape)
        blocks = self._blocks(sizes)
        keep = self._keep(inputs, gamma, sizes, blocks)
        return drop(inputs, keep, scale if blocks == sizes else self._scale(keep))

    def _blocks(self, sizes: Sizes) -> Sizes:
        """The block sizes, cut to a map."""
        return tuple(min(block, size) for block, size in zip(self.block_size, sizes, strict=True))

    def _axes_of(self, shape: Shape) -> Shape:
        return tuple(shape[1:-1] if self.channels_last else shape[2:])

    def _sizes(self, shape: Shape) -> Sizes:
        sizes = tuple(size for size in self._axes_of(shape) if size is not None)
        if len(sizes) < self.axes:
            raise ValueError(
                f"Layer {self.name!r} needs to know the spatial size of its input to place "
                f"blocks. Received an input of shape {tuple(shape)}. Give `keras.Input` a full "
                "shape, or train on batches of one size."
            )
        return sizes

    def _gamma(self, rate: Number, sizes: Sizes, blocks: Sizes) -> Number:
        """The chance that a block starts at a position where it fits."""
        if isinstance(rate, float):
            return block_rate.constant(rate, sizes, blocks)
        low, high = self.rate.bounds() if isinstance(self.rate, Schedule) else (self.rate,) * 2
        if low == high:
            return block_rate.constant(low, sizes, blocks)
        table = ops.convert_to_tensor(block_rate.table(low, high, sizes, blocks))
        last = len(block_rate.table(low, high, sizes, blocks)) - 1
        at = ops.clip((rate - low) / (high - low), 0.0, 1.0) * last
        left = ops.minimum(ops.floor(at), last - 1.0)
        index = ops.cast(left, "int32")
        below, above = ops.take(table, index), ops.take(table, index + 1)
        return below + (at - left) * (above - below)

    def _keep(
        self, inputs: keras.KerasTensor, gamma: Number, sizes: Sizes, blocks: Sizes
    ) -> keras.KerasTensor:
        """True where no block lies, in the layout of `inputs`."""
        shape = ops.shape(inputs)
        batch, channels = shape[0], shape[-1 if self.channels_last else 1]
        starts = tuple(size - block + 1 for size, block in zip(sizes, blocks, strict=True))
        dropped = ops.cast(self.uniform((batch, *starts, channels)) < gamma, "float32")
        keep = grow(dropped, blocks) < 0.5
        return keep if self.channels_last else ops.moveaxis(keep, -1, 1)

    def _scale(self, keep: keras.KerasTensor) -> keras.KerasTensor:
        """`positions / positions left` of each map; 0 for a map of which nothing is left."""
        axes = range(1, self.axes + 1) if self.channels_last else range(2, self.axes + 2)
        left = ops.mean(ops.cast(keep, "float32"), axis=tuple(axes), keepdims=True)
        return ops.divide_no_nan(1.0, left)

    def get_config(self) -> dict[str, Any]:
        config = {"block_size": list(self.block_size), "data_format": self.data_format}
        return {**super().get_config(), **config}


def grow(starts: keras.KerasTensor, blocks: Sizes) -> keras.KerasTensor:
    """Spread each 1 of `starts` (channels last) over the block that starts there, axis by axis."""
    for axis, block in enumerate(blocks):
        if block == 1:
            continue
        padding = [(0, 0)] * (len(blocks) + 2)
        padding[axis + 1] = (block - 1, block - 1)
        window = tuple(block if i == axis else 1 for i in range(len(blocks)))
        starts = ops.max_pool(ops.pad(starts, padding), window, strides=1, padding="valid")
    return starts


@keras.saving.register_keras_serializable(package="kreg")
class DropBlock1D(DropBlock):
    """`DropBlock` for `(batch, time, features)`. The arguments are those of `DropBlock`."""

    axes = 1


@keras.saving.register_keras_serializable(package="kreg")
class DropBlock2D(DropBlock):
    """`DropBlock` for batches of images. The arguments are those of `DropBlock`.

    >>> layer = DropBlock2D(0.3, block_size=2, seed=1)
    >>> bool((layer(keras.ops.ones((1, 4, 6, 1)), training=True).numpy() == 0).any())
    True
    """

    axes = 2


@keras.saving.register_keras_serializable(package="kreg")
class DropBlock3D(DropBlock):
    """`DropBlock` for batches of volumes. The arguments are those of `DropBlock`."""

    axes = 3
