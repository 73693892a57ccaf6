"""Keras callbacks: clean curves, early stopping that says why, and state that resumes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
