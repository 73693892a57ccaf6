"""Multiplicative Gaussian noise."""

import keras
from keras import ops

from kreg.layers.noise import Noise


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

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)

    def numbers(self, rate, shape):
        return ((rate / (1.0 - rate)) ** 0.5,)

    def noise(self, inputs, deviation):
        draw = keras.random.normal(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        return inputs * ops.cast(1.0 + deviation * draw, inputs.dtype)
