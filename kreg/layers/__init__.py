"""Noise layers, Monte Carlo prediction, and the places in a model where noise may stand."""

from kreg.layers.concrete_dropout import ConcreteDropout
from kreg.layers.drop_block import DropBlock1D, DropBlock2D, DropBlock3D
from kreg.layers.drop_connect import DropConnect
from kreg.layers.dropout import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from kreg.layers.monte_carlo import MonteCarlo, mc_predict
from kreg.layers.noise import Noise
from kreg.layers.noise_summary import NoiseRow, inventory, noise_layers, noise_rates
from kreg.layers.place import Place
from kreg.layers.stochastic_depth import DropPath, StochasticDepth, linear_decay

__all__ = [
    "AlphaDropout",
    "ConcreteDropout",
    "DropBlock1D",
    "DropBlock2D",
    "DropBlock3D",
    "DropConnect",
    "DropPath",
    "Dropout",
    "GaussianDropout",
    "MonteCarlo",
    "Noise",
    "NoiseRow",
    "Place",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "StochasticDepth",
    "inventory",
    "linear_decay",
    "mc_predict",
    "noise_layers",
    "noise_rates",
]
