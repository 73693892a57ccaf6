"""A convex problem proves its own end: the duality gap says what is left to gain at most."""

from dataclasses import dataclass

import numpy as np

from kreg.diagnostics.record import Record
from kreg.diagnostics.rest import NEAR, RESTING
from kreg.printable import percent

GAP, SHARE = "duality_gap", "duality_gap_share"
# words that a closed gap overrules: they say that a loss is on its way, or that nobody knows
OPEN = (
    "LEARNING", "LATE GAIN", "MEMORISING", "SETTLING", "TOO STRONG", "UNSTABLE", "UNDECIDED",
    "TOO EARLY",
)  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """The last duality gap of a run.

    Args:
        gap: The training objective is at most so much above its minimum.
        share: `gap` over what guessing costs.
        bound: The share at which the optimum counts as reached.
        waited: Whether the training was to go on until then.
    """

    gap: float
    share: float
    bound: float
    waited: bool

    @property
    def closed(self) -> bool:
        return self.share <= self.bound

    def sentence(self) -> str:
        """What is proved, with its numbers."""
        found = (
            f"The training objective is at most {self.gap:.2g} above its minimum, "
            f"{percent(self.share)} of what guessing costs"
        )
        return f"Proved: {found[0].lower()}{found[1:]}." if self.closed else (
            f"{found}; the optimum counts as reached at {percent(self.bound)}."
        )  # fmt: skip


def proof(record: Record) -> Proof | None:
    """What the record proves, or `None` for a problem that is not convex."""
    gaps, shares = record.curve(GAP), record.curve(SHARE)
    known = np.flatnonzero(np.isfinite(gaps) & np.isfinite(shares))
    if not known.size:
        return None
    rule = record.settings.get("stop")
    waited = isinstance(rule, dict) and rule.get("kind") == "gap"
    # where the run has waited for none, what is near for every training
    bound = float(rule.get("share", NEAR)) if isinstance(rule, dict) and waited else NEAR
    return Proof(float(gaps[known[-1]]), float(shares[known[-1]]), bound, waited)


def proved(state: str, high: bool, found: Proof) -> str:
    """The last word, once it is known how far the optimum is.

    Args:
        state: The word from the curves alone.
        high: Whether both losses are higher than the inputs allow.
        found: The proof.
    """
    if found.closed and state in OPEN:
        return "UNDERFITTING" if high else "CONVERGED"
    if not found.closed and (state == "CONVERGED" or found.waited and state in RESTING):
        return "UNDER-TRAINED"
    return state
