"""Advice: at most three lines, each with its numbers and its source. None is a valid answer."""

from kreg.diagnostics.advice import judging, overfitting, training  # they fill the table
from kreg.diagnostics.advice.base import RULES, Advice
from kreg.diagnostics.findings import Findings

__all__ = ["LIMIT", "RULES", "Advice", "advise", "judging", "overfitting", "training"]

LIMIT = 3


def advise(findings: Findings) -> list[Advice]:
    """The best-supported lines, at most three."""
    found = [advice for check in RULES if (advice := check(findings)) is not None]
    return sorted(found, key=lambda advice: -advice.weight)[:LIMIT]
