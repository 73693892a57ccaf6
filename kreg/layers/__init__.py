"""Noise layers, Monte Carlo prediction, and the places in a model where noise may stand."""

from kreg import registration

__getattr__, __dir__, __all__ = registration.attach(__name__, __file__)
