"""Keras callbacks: clean curves, early stopping that says why, and state that resumes."""

from kreg.callbacks.diagnostics import Diagnostics
from kreg.callbacks.stopping import EarlyStopping

__all__ = ["Diagnostics", "EarlyStopping"]
