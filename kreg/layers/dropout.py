"""Dropout of single units."""

import keras
from keras import ops

from kreg.layers import arguments
from kreg.layers.noise import Noise


def drop(inputs, keep, scale):
    """`inputs * scale` where `keep`, zero elsewhere; the gradient of what is dropped is 0."""
    scale = ops.cast(scale, inputs.dtype)
    return ops.where(keep, inputs * scale, ops.zeros((), dtype=inputs.dtype))


@keras.saving.register_keras_serializable(package="kreg")
class Dropout(Noise):
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

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        self.noise_shape = arguments.noise_shape(noise_shape)

    def mask_shape(self, inputs) -> tuple:
        """The shape of the mask for `inputs`."""
        template = self.noise_shape or (None,) * len(inputs.shape)
        arguments.fitted(template, inputs.shape)
        sizes = ops.shape(inputs)
        return tuple(
            size if fixed is None else fixed for fixed, size in zip(template, sizes, strict=True)
        )

    def numbers(self, rate, shape):
        return rate, 1.0 / (1.0 - rate)

    def noise(self, inputs, rate, scale):
        shape = self.mask_shape(inputs)
        if isinstance(rate, float) and keras.backend.standardize_dtype(inputs.dtype) == "float32":
            # a shape in full keeps PyTorch on its seeded path
            return keras.random.dropout(inputs, rate, noise_shape=shape, seed=self.seed_generator)
        return drop(inputs, self.uniform(shape) >= rate, scale)

    def get_config(self):
        shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "noise_shape": shape}
