"""Keras's optimizers with the proximal step: penalties of kreg reach exact zeros."""

from kreg.optimizers.classes import (
    SGD,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lamb,
    Lion,
    Muon,
    Nadam,
    RMSprop,
)
from kreg.optimizers.convert import proximal
from kreg.optimizers.proximal import Proximal

__all__ = [
    "SGD",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "Proximal",
    "RMSprop",
    "proximal",
]
