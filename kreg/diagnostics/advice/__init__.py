"""Advice: at most three lines, each with its numbers and its source. None is a valid answer."""

# they fill the table; of equally strong advice the causes, entered first, lead
from kreg.diagnostics.advice import causes, judging, overfitting, training
from kreg.diagnostics.advice.base import RULES, Advice
from kreg.diagnostics.findings import Findings

__all__ = ["LIMIT", "RULES", "Advice", "advise", "causes", "judging", "overfitting", "training"]

LIMIT = 3


def advise(findings: Findings) -> list[Advice]:
    """The best-supported lines, at most three."""
    found = [advice for check in RULES if (advice := check(findings)) is not None]
    return sorted(found, key=lambda advice: -advice.weight)[:LIMIT]
