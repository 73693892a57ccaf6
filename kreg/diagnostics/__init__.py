"""Numbers -> verdict -> document -> renderers. NumPy only: no Keras, no TensorFlow."""

from kreg.diagnostics import criteria, weights
from kreg.diagnostics.document import document
from kreg.diagnostics.judge import Thresholds
from kreg.diagnostics.markdown import markdown
from kreg.diagnostics.page import fragment, page, skeleton
from kreg.diagnostics.record import Record
from kreg.diagnostics.replay import replay
from kreg.diagnostics.report import Report, report, write_all
from kreg.diagnostics.states import PAST_BEST, STATES, State
from kreg.diagnostics.verdict import Verdict, diagnose

__all__ = [
    "PAST_BEST",
    "STATES",
    "Record",
    "Report",
    "State",
    "Thresholds",
    "Verdict",
    "criteria",
    "diagnose",
    "document",
    "fragment",
    "markdown",
    "page",
    "replay",
    "report",
    "skeleton",
    "weights",
    "write_all",
]
