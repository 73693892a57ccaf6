"""Advice: at most three lines, each with its numbers and its source. None is a valid answer."""

# they fill the table; of equally strong advice the causes, entered first, lead
from kreg.diagnostics.advice import causes, finetuning, judging, overfitting, training
from kreg.diagnostics.advice.base import RULES, Advice
from kreg.diagnostics.findings import Findings

__all__ = [
    "LIMIT", "RULES", "Advice", "advise", "causes", "finetuning", "judging", "overfitting",
    "training",
]  # fmt: skip

LIMIT = 3


def advise(findings: Findings) -> list[Advice]:
    """The best-supported lines, at most three, after what is known about the data."""
    found = [advice for check in RULES if (advice := check(findings)) is not None]
    found.sort(key=lambda advice: -advice.weight)
    data = [advice for advice in found if advice.id == "look_at_the_data"]
    return data + [advice for advice in found if advice not in data][:LIMIT]
