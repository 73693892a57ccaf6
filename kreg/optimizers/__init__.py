"""Keras's optimizers with the proximal step: penalties of kreg reach exact zeros."""

from kreg.optimizers.certificate import Certificate, certificate
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
from kreg.optimizers.path import Path, path
from kreg.optimizers.proximal import Proximal
from kreg.optimizers.scaled import Scaled

__all__ = [
    "SGD",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Certificate",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "Path",
    "Proximal",
    "RMSprop",
    "Scaled",
    "certificate",
    "path",
    "proximal",
]
