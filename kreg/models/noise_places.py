"""The dropout dial: a rate, or a factory that is asked at every place where noise may stand."""

from collections.abc import Callable
from itertools import count

import keras

from kreg import check
from kreg.layers import Dropout, Place

NoiseFactory = Callable[[Place], keras.layers.Layer | None]
DropoutDial = float | NoiseFactory


class NoisePlaces:
    """Asks for a layer at every place of a model, in the order of the forward pass.

    Args:
        dropout: A rate from 0 to 1 (1 excluded): `kreg.layers.Dropout` after every dense and
            convolutional activation, nothing at the end of residual branches. Or a factory
            `noise(place) -> keras.layers.Layer | None`.
        totals: The number of places of each kind in the model: `dense=2, conv=3, residual=1`.
    """

    def __init__(self, dropout: DropoutDial, **totals: int):
        self.factory: NoiseFactory = dropout if callable(dropout) else uniform(dropout)
        self.totals = totals
        self.counters = {kind: count() for kind in totals}

    def dense(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Noise after a dense activation."""
        return self.at("dense", x)

    def conv(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Noise after a convolutional activation."""
        return self.at("conv", x)

    def residual(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Noise on a residual branch, right before it joins its shortcut."""
        return self.at("residual", x)

    def at(self, kind: str, x: keras.KerasTensor) -> keras.KerasTensor:
        place = Place(
            kind=kind, index=next(self.counters[kind]), total=self.totals[kind], rank=len(x.shape)
        )
        layer = self.factory(place)
        return x if layer is None else layer(x)


def uniform(rate: float) -> NoiseFactory:
    """The factory of one rate: dropout at dense and convolutional places."""
    rate = check.number("dropout", rate, low=0, high=1, high_open=True)

    def factory(place: Place) -> keras.layers.Layer | None:
        return Dropout(rate) if rate and place.kind != "residual" else None

    return factory
