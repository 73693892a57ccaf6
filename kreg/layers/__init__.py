"""Noise layers, Monte Carlo prediction, and the places in a model where noise may stand."""

from kreg.layers.dropout import Dropout
from kreg.layers.noise import Noise
from kreg.layers.place import Place

__all__ = ["Dropout", "Noise", "Place"]
