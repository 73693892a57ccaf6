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
from kreg.optimizers.optimality import Certificate, certificate
from kreg.optimizers.path_result import Path
from kreg.optimizers.proximal_step import Proximal
from kreg.optimizers.regularization_path import path
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
