"""The dropout layers that Keras has too, with schedules, complete state and exact rates."""

from typing import Any

import keras
from keras import ops

from kreg.layers import arguments
from kreg.layers.arguments import Rate, Shape
from kreg.layers.noise import Noise, Number

SATURATION = -1.0507009873554805 * 1.6732632423543772  # SELU of minus infinity


def drop(inputs: keras.KerasTensor, keep: keras.KerasTensor, scale: Number) -> keras.KerasTensor:
    """`inputs * scale` where `keep`, zero elsewhere; the gradient of what is dropped is 0."""
    scale = ops.cast(scale, inputs.dtype)
    return ops.where(keep, inputs * scale, ops.zeros((), dtype=inputs.dtype))


class MaskedNoise(Noise):
    """What the layers with a mask for units share: its shape."""

    def __init__(
        self,
        rate: Rate,
        noise_shape: Shape | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed=seed, **kwargs)
        self.noise_shape = arguments.noise_shape(noise_shape)

    def mask_shape(self, inputs: keras.KerasTensor) -> Shape:
        """The shape of the mask for `inputs`."""
        template = self.noise_shape or (None,) * len(inputs.shape)
        arguments.fitted(template, inputs.shape)
        sizes = ops.shape(inputs)
        return tuple(
            size if fixed is None else fixed for fixed, size in zip(template, sizes, strict=True)
        )

    def get_config(self) -> dict[str, Any]:
        shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "noise_shape": shape}


@keras.saving.register_keras_serializable(package="kreg")
class Dropout(MaskedNoise):
    """`x * m / (1 - rate)` in training with `m = 0` at random, `P(m = 0) = rate`; else `x`.

    As `keras.layers.Dropout`, and: `rate` may be a `kreg.Schedule`; the state of the random
    numbers is complete, named and saved; in half precision the rate is still the one asked for.
    Source: Srivastava et al., Dropout, 2014.

    Args:
        rate: Number in [0, 1), the fraction of units that is set to zero; or a `kreg.Schedule`.
        noise_shape: `None` (every unit for itself) or one entry for each axis of the input, batch
            included: `None` for the input's own size, 1 to share the mask along this axis. For
            `(batch, time, features)`, `(None, 1, None)` drops a feature at all times at once.
        seed: `None` or a whole number in [0, 2**31). Two layers with the same seed draw the same
            mask at the same step.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Floating-point tensor of any rank.
        training: `True` adds the noise; `False` or `None` returns `inputs` itself.

    Raises:
        ValueError: If `rate` is outside [0, 1) at any time, or `noise_shape` does not fit.

    >>> layer = Dropout(0.25, seed=1)
    >>> layer(keras.ops.ones((1, 3))).numpy()
    array([[1., 1., 1.]], dtype=float32)
    >>> values = layer(keras.ops.ones((100, 100)), training=True).numpy()
    >>> [round(float(v), 3) for v in sorted(set(values.ravel()))]
    [0.0, 1.333]
    """

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        return rate, 1.0 / (1.0 - rate)

    def noise(self, inputs: keras.KerasTensor, rate: Number, scale: Number) -> keras.KerasTensor:
        shape = self.mask_shape(inputs)
        if isinstance(rate, float) and keras.backend.standardize_dtype(inputs.dtype) == "float32":
            # a shape in full keeps PyTorch on its seeded path
            return keras.random.dropout(inputs, rate, noise_shape=shape, seed=self.seed_generator)
        return drop(inputs, self.uniform(shape) >= rate, scale)


class SpatialDropout(Dropout):
    """`Dropout` with one mask value for all positions of a feature map; a subclass fixes the rank.

    As Keras's layers of these names, and all that `kreg.layers.Dropout` adds; their configuration
    keeps a mixed-precision policy, and `trainable` is accepted. Source: Tompson et al., 2015.

    Args:
        rate: Number in [0, 1), the fraction of feature maps that is set to zero; or a
            `kreg.Schedule`.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's own setting.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`.
    """

    axes = 0

    def __init__(
        self,
        rate: Rate,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = arguments.data_format(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=self.axes + 2)
        self.noise_shape = self._maps()

    def _maps(self) -> Shape:
        shared = (1,) * self.axes
        return (
            (None, *shared, None) if self.data_format == "channels_last" else (None, None, *shared)
        )

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        del config["noise_shape"]
        return config


@keras.saving.register_keras_serializable(package="kreg")
class SpatialDropout1D(SpatialDropout):
    """`SpatialDropout` for `(batch, time, features)`: drops a feature at all times at once.

    The arguments are those of `SpatialDropout`.

    >>> layer = SpatialDropout1D(0.5, seed=3)
    >>> layer(keras.ops.ones((1, 2, 4)), training=True).numpy().tolist()[0]
    [[0.0, 2.0, 2.0, 2.0], [0.0, 2.0, 2.0, 2.0]]
    """

    axes = 1


@keras.saving.register_keras_serializable(package="kreg")
class SpatialDropout2D(SpatialDropout):
    """`SpatialDropout` for batches of images. The arguments are those of `SpatialDropout`."""

    axes = 2


@keras.saving.register_keras_serializable(package="kreg")
class SpatialDropout3D(SpatialDropout):
    """`SpatialDropout` for batches of volumes. The arguments are those of `SpatialDropout`."""

    axes = 3


@keras.saving.register_keras_serializable(package="kreg")
class GaussianDropout(Noise):
    """`x * z` in training with `z ~ N(1, rate / (1 - rate))`, which has Dropout's variance.

    As `keras.layers.GaussianDropout`, with a schedulable rate and complete state; the noise is
    drawn in float32 in every precision. Source: Srivastava et al., Dropout, 2014, section 10.

    Args:
        rate: Number in [0, 1), or a `kreg.Schedule`.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`.

    >>> layer = GaussianDropout(0.5, seed=1)
    >>> float(layer(keras.ops.ones((1000, 100)), training=True).numpy().std().round(2))
    1.0
    """

    def __init__(self, rate: Rate, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed=seed, **kwargs)

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        return ((rate / (1.0 - rate)) ** 0.5,)

    def noise(self, inputs: keras.KerasTensor, deviation: Number) -> keras.KerasTensor:
        draw = keras.random.normal(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        return inputs * ops.cast(1.0 + deviation * draw, inputs.dtype)


@keras.saving.register_keras_serializable(package="kreg")
class AlphaDropout(MaskedNoise):
    """`a * (x * m + s * (1 - m)) + b`: mean 0 and variance 1 stay mean 0 and variance 1.

    `m` is Dropout's mask and `s` the value at which SELU saturates. As `keras.layers.AlphaDropout`,
    with a schedulable rate, complete state and no crash at the edges. For SELU networks only.
    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.

    The arguments are those of `kreg.layers.Dropout`.

    >>> layer = AlphaDropout(0.2, seed=1)
    >>> x = keras.random.normal((1000, 100), seed=2)
    >>> float(layer(x, training=True).numpy().std().round(2))
    1.0
    """

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        a = ((1.0 - rate) * (1.0 + rate * SATURATION**2)) ** -0.5
        return rate, a, -a * rate * SATURATION

    def noise(
        self, inputs: keras.KerasTensor, rate: Number, a: Number, b: Number
    ) -> keras.KerasTensor:
        keep = self.uniform(self.mask_shape(inputs)) >= rate
        masked = ops.where(keep, inputs, ops.cast(SATURATION, inputs.dtype))
        return ops.cast(a, inputs.dtype) * masked + ops.cast(b, inputs.dtype)
