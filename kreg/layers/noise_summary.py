"""Which layers of a model are noise, and how strong each is now."""

from dataclasses import dataclass
from typing import Any

import keras

from kreg import private_keras
from kreg.layers.noise import Noise
from kreg.schedules import Schedule

RATED = (keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.AlphaDropout)
WHAT_COUNTS = (
    "kreg.layers noise layers; keras.layers.Dropout, SpatialDropout, GaussianDropout, "
    "AlphaDropout and GaussianNoise; attention layers and RNNs with dropout > 0"
)


@dataclass(frozen=True)
class NoiseRow:
    """One noise layer: its name, class, present rate, and whether it moves during training."""

    layer: str
    kind: str
    rate: float
    changes: bool


def strength(layer: keras.layers.Layer) -> float | None:
    """The layer's rate (for `GaussianNoise` its standard deviation), `None` if it is no noise.

    Keras's attention layers and RNNs count by their own `dropout`; what a multi-head attention
    applies is an inner `Dropout`, found as such.
    """
    if isinstance(layer, Noise):
        return layer.current_rate
    if isinstance(layer, RATED):
        return float(layer.rate)
    if isinstance(layer, keras.layers.GaussianNoise):
        return float(layer.stddev)
    if isinstance(layer, keras.layers.Attention):
        return float(layer.dropout)
    if isinstance(layer, keras.layers.RNN):
        return cell_dropout(layer.cell)
    return None


def cell_dropout(cell: Any) -> float | None:
    """The largest dropout of an RNN's cell or stack of cells; `None` where they have none."""
    cells = getattr(cell, "cells", [cell])
    names = ("dropout", "recurrent_dropout")
    found = [getattr(c, name) for c in cells for name in names if hasattr(c, name)]
    return float(max(found)) if found else None


def noise_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The noise layers of a model, nested models and wrappers included, that can act at all."""
    return [
        layer
        for layer in private_keras.all_layers(model)
        if isinstance(layer, Noise) or strength(layer)
    ]


def inventory(model: keras.Model) -> list[NoiseRow]:
    """One row for each noise layer, for a log or the report's table of layers.

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5, name="drop")])
    >>> inventory(model)
    [NoiseRow(layer='drop', kind='Dropout', rate=0.5, changes=False)]
    """
    return [
        NoiseRow(layer.name, type(layer).__name__, strength(layer) or 0.0, changes(layer))
        for layer in noise_layers(model)
    ]


def changes(layer: keras.layers.Layer) -> bool:
    """Whether the rate moves during training: by a schedule, or because it is learned."""
    return isinstance(getattr(layer, "rate", None), Schedule) or hasattr(layer, "logit")


def noise_rates(model: keras.Model) -> dict[str, float]:
    """`{"rate/<layer>": present rate}` of the layers whose rate moves: what is worth a curve."""
    return {f"rate/{row.layer}": row.rate for row in inventory(model) if row.changes}
