"""`model`: from its configuration to a `keras.Model`."""

from typing import TYPE_CHECKING

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.models.options import ModelOptions

if TYPE_CHECKING:
    import keras

    from kreg.data import Data
    from kreg.factories.dropout import Noise

BYTE = 1 / 255


def model(cfg: ModelOptions | Custom, info: "Data", noise: "float | Noise" = 0.0) -> "keras.Model":
    """The network of a configuration for a data set.

    Args:
        cfg: The checked `model` group.
        info: What the network must fit; whether pixels are bytes, its training rows say.
        noise: A rate, or a factory over `kreg.layers.Place`.
    """
    rescale = BYTE if info.is_image and str(info.train.x.dtype) == "uint8" else None
    fits = (tuple(info.input_shape), info.outputs, info.task)
    if isinstance(cfg, Custom):
        return components.create_custom(cfg, *fits, dropout=noise, rescale=rescale)
    return components.create(cfg, *fits, dropout=noise, rescale=rescale)
