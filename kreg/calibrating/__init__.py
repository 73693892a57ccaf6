"""Calibrating: a trained classifier that is as often right as it says, by one stock Keras layer."""

from kreg.calibrating.calibration import Calibration, calibrate, facts, measured
from kreg.calibrating.last_layer import with_scaling
from kreg.calibrating.scaling import Scaling, fitted

__all__ = [
    "Calibration",
    "Scaling",
    "calibrate",
    "facts",
    "fitted",
    "measured",
    "with_scaling",
]
