"""Numbers -> verdict -> advice -> document. NumPy and SciPy only: no Keras, no TensorFlow."""

from kreg.diagnostics import criteria, weights
from kreg.diagnostics.record import Record
from kreg.diagnostics.report_document import document
from kreg.diagnostics.states import PAST_BEST, STATES, State
from kreg.diagnostics.stopping_replay import replay
from kreg.diagnostics.thresholds import Thresholds
from kreg.diagnostics.verdict import Verdict, diagnose

__all__ = [
    "PAST_BEST",
    "STATES",
    "Record",
    "State",
    "Thresholds",
    "Verdict",
    "criteria",
    "diagnose",
    "document",
    "replay",
    "weights",
]
