"""Augmentation: pure functions of (seed, epoch, record index), in compiled tf.data stages."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
