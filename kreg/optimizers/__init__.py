"""Keras's optimizers with the proximal step: penalties of kreg reach exact zeros."""

from kreg import registration

__getattr__, __dir__, __all__ = registration.attach(__name__, __file__)
