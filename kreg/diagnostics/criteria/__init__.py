"""When to stop: criteria as pure objects, shared by `kreg.EarlyStopping` and the replay."""

from kreg.diagnostics.criteria.base import MONITOR, Criterion, Decision
from kreg.diagnostics.criteria.combine import AllOf, AnyOf, Smoothed, all_of, any_of
from kreg.diagnostics.criteria.evidence import Paired, PastBest, Trend
from kreg.diagnostics.criteria.limits import Budget, Divergence, Threshold
from kreg.diagnostics.criteria.patience import Patience
from kreg.diagnostics.criteria.prechelt import GL, PQ, UP, Progress
from kreg.diagnostics.criteria.rules import KINDS, PRESETS, parse, preset, split
from kreg.diagnostics.criteria.textbook import Textbook

__all__ = [
    "GL",
    "KINDS",
    "MONITOR",
    "PQ",
    "PRESETS",
    "UP",
    "AllOf",
    "AnyOf",
    "Budget",
    "Criterion",
    "Decision",
    "Divergence",
    "Paired",
    "PastBest",
    "Patience",
    "Progress",
    "Smoothed",
    "Textbook",
    "Threshold",
    "Trend",
    "all_of",
    "any_of",
    "parse",
    "preset",
    "split",
]
