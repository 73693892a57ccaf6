"""A training that has ended, as whoever started it gets it."""

from dataclasses import dataclass
from typing import Any

from kreg.runs import RunDirectory
from kreg.training.callbacks import TrainingCallbacks
from kreg.training.plan import Plan


class NonFiniteError(FloatingPointError):
    """Numbers that broke.

    Args:
        told: What is said of them.
        epochs: How many epochs had begun: a stack of jobs has trained them all.
    """

    def __init__(self, told: str, epochs: int) -> None:
        super().__init__(told)
        self.epochs = epochs


@dataclass(frozen=True)
class Trained:
    """A training that has ended.

    Args:
        plan: Its parts; the model holds its final weights.
        callbacks: What has measured and judged it.
        result: The fields of `result.json`.
    """

    plan: Plan
    callbacks: TrainingCallbacks
    result: dict[str, Any]

    @property
    def document(self) -> dict[str, Any] | None:
        """What `report.json` says; `None` where nothing was measured."""
        measured = self.callbacks.diagnostics
        if measured is None or measured.document is None:
            return None
        scores = {key: self.result[key] for key in ("metrics", "units")}
        return measured.document | {"scores": scores, "features": self.result["features"]}


def state_kept(place: RunDirectory) -> str:
    """What is left of a training whose numbers broke."""
    good = bool(place.state.generations())
    return "The last good state is kept." if good else "No epoch had ended, so no state is kept."
