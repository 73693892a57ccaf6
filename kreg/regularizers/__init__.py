"""Penalties: drop-in Keras regularizers that also know their proximal map."""

from kreg import registration

__getattr__, __dir__, __all__ = registration.attach(__name__, __file__)
