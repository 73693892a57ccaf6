"""The small models and data of the tests of what measures."""

from tests.unit.measuring.conftest import data, model

__all__ = ["data", "model"]
