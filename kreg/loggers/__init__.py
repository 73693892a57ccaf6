"""Loggers: where a training is told to, besides its own directory. No Keras, no TensorFlow."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
