"""Dropout for self-normalizing networks."""

import keras
from keras import ops

from kreg.layers.dropout import Dropout

SATURATION = -1.0507009873554805 * 1.6732632423543772  # SELU of minus infinity


@keras.saving.register_keras_serializable(package="kreg")
class AlphaDropout(Dropout):
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

    def numbers(self, rate, shape):
        a = ((1.0 - rate) * (1.0 + rate * SATURATION**2)) ** -0.5
        return rate, a, -a * rate * SATURATION

    def noise(self, inputs, rate, a, b):
        keep = self.uniform(self.mask_shape(inputs)) >= rate
        masked = ops.where(keep, inputs, ops.cast(SATURATION, inputs.dtype))
        return ops.cast(a, inputs.dtype) * masked + ops.cast(b, inputs.dtype)
