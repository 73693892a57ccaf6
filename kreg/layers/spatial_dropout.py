"""Dropout of whole feature maps."""

import keras

from kreg import check
from kreg.layers import arguments
from kreg.layers.dropout import Dropout


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

    def __init__(self, rate, data_format=None, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        data_format = keras.config.image_data_format() if data_format is None else data_format
        self.data_format = check.choice("data_format", data_format, arguments.FORMATS)
        self.input_spec = keras.layers.InputSpec(ndim=self.axes + 2)
        self.noise_shape = self._maps()

    def _maps(self) -> tuple:
        shared = (1,) * self.axes
        return (
            (None, *shared, None) if self.data_format == "channels_last" else (None, None, *shared)
        )

    def get_config(self):
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
