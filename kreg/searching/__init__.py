"""Searching: which regularizer, and how much, for a Keras model of one's own."""

from kreg.searching.every_setting import search
from kreg.searching.found import Found

__all__ = ["Found", "search"]
