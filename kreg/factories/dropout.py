"""`dropout`: from its configuration to a factory of noise layers over the places of a model."""

from kreg.config.custom import is_custom
from kreg.factories import custom
from kreg.factories.reg import strength

WHERE = {
    "conv": "acts on feature maps, but the model {model!r} has no convolution. Choose a model for "
    "images such as model=cnn, or dropout=light",
    "residual": "skips residual branches, but the model {model!r} has none. Choose model=resnet, "
    "model=transformer or model.skip=true, or dropout=light",
    "any": "was asked at no place of the model {model!r}. Its builder must call the factory that "
    "it gets as `dropout`",
}


class Factory:
    """Called by a model builder at every place; counts the layers that it has handed out."""

    def __init__(self, kind: str, make, needs: str = "any"):
        self.kind = kind
        self.make = make
        self.needs = needs
        self.placed = 0

    def __call__(self, place):
        layer = self.make(place)
        self.placed += layer is not None
        return layer

    def require_a_place(self, model: str) -> None:
        """After the model is built: refuse noise that has found no place in it."""
        if self.kind != "none" and not self.placed:
            raise ValueError(f"dropout={self.kind} {WHERE[self.needs].format(model=model)}.")


def noise(cfg, steps_per_epoch: int | None = None) -> Factory:
    """The factory `noise(place) -> keras.layers.Layer | None` of a configuration.

    Args:
        cfg: A dataclass of `kreg.config.dropout`.
        steps_per_epoch: Length of an epoch, for rates that are scheduled by epochs.
    """
    from kreg.config.dropout import NEEDS

    if is_custom(cfg.kind):
        return Factory(cfg.kind, lambda place: custom.create(cfg, place))
    if cfg.kind == "none":
        return Factory(cfg.kind, lambda place: None)
    rate = strength(cfg.rate, steps_per_epoch)
    needs = NEEDS.get(cfg.kind, "any")

    def make(place):
        wanted = place.kind == needs or (needs == "any" and place.kind != "residual")
        return KINDS[cfg.kind](cfg, rate, place) if wanted else None

    return Factory(cfg.kind, make, needs)


def dropout(cfg, rate, place):
    from kreg.layers import Dropout

    return Dropout(rate)


def spatial(cfg, rate, place):
    from kreg import layers

    by_axes = {1: layers.SpatialDropout1D, 2: layers.SpatialDropout2D, 3: layers.SpatialDropout3D}
    return by_axes[place.spatial](rate)


def dropblock(cfg, rate, place):
    from kreg import layers

    by_axes = {1: layers.DropBlock1D, 2: layers.DropBlock2D, 3: layers.DropBlock3D}
    return by_axes[place.spatial](rate, cfg.block_size)


def stochastic_depth(cfg, rate, place):
    from kreg.layers import StochasticDepth, linear_decay

    return StochasticDepth(linear_decay(rate, place.index, place.total))


def concrete(cfg, rate, place):
    from kreg.layers import ConcreteDropout

    return ConcreteDropout(rate, dropout_regularizer=cfg.strength, temperature=cfg.temperature)


KINDS = {
    "dropout": dropout,
    "spatial": spatial,
    "dropblock": dropblock,
    "stochastic_depth": stochastic_depth,
    "concrete": concrete,
}
