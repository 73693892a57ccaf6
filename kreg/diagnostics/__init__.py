"""Numbers -> verdict -> document -> renderers. NumPy only: no Keras, no TensorFlow."""

from kreg.diagnostics import criteria
from kreg.diagnostics.record import Record

__all__ = ["Record", "criteria"]
