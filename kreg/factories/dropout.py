"""`dropout`: from its configuration to a factory of noise layers over the places of a model."""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.layers.options import NoiseOptions, StochasticDepthOptions

if TYPE_CHECKING:
    import keras

    from kreg.layers import Place

WHERE = {
    "conv": "acts on feature maps, but the model {model!r} has no convolution. Choose a model for "
    "images such as model=cnn, or dropout=light",
    "residual": "skips residual branches, but the model {model!r} has none. Choose model=resnet, "
    "model=transformer or model.skip=true, or dropout=light",
    "any": "was asked at no place of the model {model!r}. Its builder must call the factory that "
    "it gets as `dropout`",
}


class Noise:
    """Called by a model builder at every place; counts the layers that it has handed out.

    What the layers draw, their seeds say, comes from a stream of their own: with them and without
    them the weights of a model start equal, so that settings can be compared.

    Args:
        kind: The kind of the `dropout` group.
        make: `place -> layer`, or `None` where the place stays without noise.
        place: The kind of place that the noise acts at, `"any"` after every activation.
    """

    def __init__(
        self,
        kind: str,
        make: "Callable[[Place], keras.layers.Layer | None]",
        place: str = "any",
    ) -> None:
        self.kind, self.make, self.place = kind, make, place
        self.placed = 0
        self.stream = forked()

    def __call__(self, place: "Place") -> "keras.layers.Layer | None":
        with drawing_from(self.stream):
            layer = self.make(place)
        self.placed += layer is not None
        return layer

    def require_a_place(self, model: str) -> None:
        """After the model is built: refuse noise that has found no place in it."""
        if self.kind != "none" and not self.placed:
            raise ValueError(f"dropout={self.kind} {WHERE[self.place].format(model=model)}.")


def forked() -> random.Random:
    """A stream that follows from the state of Python's own, which Keras's seeds are drawn from."""
    copy = random.Random()
    copy.setstate(random.getstate())
    return random.Random(f"noise {copy.getrandbits(64)}")


@contextlib.contextmanager
def drawing_from(stream: random.Random) -> Iterator[None]:
    """Let what is drawn inside come from `stream`; outside nothing has been drawn."""
    outside = random.getstate()
    random.setstate(stream.getstate())
    try:
        yield
    finally:
        stream.setstate(random.getstate())
        random.setstate(outside)


def noise(cfg: NoiseOptions | Custom, steps_per_epoch: int | None = None) -> Noise:
    """The factory `noise(place) -> keras.layers.Layer | None` of a configuration.

    Args:
        cfg: The checked `dropout` group.
        steps_per_epoch: Length of an epoch, for rates that are scheduled by epochs.
    """
    if isinstance(cfg, Custom):
        return Noise(cfg.kind, lambda place: components.create_custom(cfg, place))

    def make(place: "Place") -> "keras.layers.Layer | None":
        anywhere = cfg.place == "any" and place.kind != "residual"
        acts = cfg.component and (anywhere or place.kind == cfg.place)
        return layer(cfg, place, steps_per_epoch) if acts else None

    return Noise(cfg.kind, make, cfg.place)


def layer(cfg: NoiseOptions, place: "Place", steps: int | None) -> "keras.layers.Layer":
    """The noise of a configuration for one place."""
    from kreg.layers import linear_decay

    by_depth = {}
    if isinstance(cfg, StochasticDepthOptions):
        by_depth = {"rate": linear_decay(cfg.rate, place.index, place.total)}
    return components.create(cfg, rank=place.spatial, steps_per_epoch=steps, **by_depth)
