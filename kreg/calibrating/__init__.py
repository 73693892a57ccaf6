"""Calibrating: a trained classifier that is as often right as it says, by one stock Keras layer."""

from kreg.calibrating.calibration import Calibration, calibrate, facts, scored
from kreg.calibrating.last_layer import with_scaling
from kreg.calibrating.scaling import Scaling, fitted, unsure

__all__ = [
    "Calibration",
    "Scaling",
    "calibrate",
    "facts",
    "fitted",
    "scored",
    "unsure",
    "with_scaling",
]
