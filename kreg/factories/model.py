"""`model`: from its configuration to a `keras.Model`."""

import dataclasses

from kreg.config.custom import is_custom
from kreg.factories import custom

BYTE = 1 / 255


def model(cfg, info, noise=0.0):
    """The network of a configuration for a data set.

    Args:
        cfg: A dataclass of `kreg.config.model`.
        info: What the network must fit: `input_shape`, `outputs`, `task`, `is_image` and the
            training rows `train.x`, whose type says whether pixels are bytes.
        noise: A rate, or a factory over `kreg.layers.Place`.
    """
    import kreg.models

    rescale = BYTE if info.is_image and str(info.train.x.dtype) == "uint8" else None
    fits = (tuple(info.input_shape), info.outputs, info.task)
    if is_custom(cfg.kind):
        return custom.create(cfg, *fits, dropout=noise, rescale=rescale)
    builder = getattr(kreg.models, cfg.kind)
    dials = {f.name: getattr(cfg, f.name) for f in dataclasses.fields(cfg) if f.name != "kind"}
    return builder(*fits, dropout=noise, rescale=rescale, **dials)
