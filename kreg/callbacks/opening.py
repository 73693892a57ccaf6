"""What Diagnostics notes when the training begins: the time, the weights, the sizes."""

from datetime import UTC, datetime

import numpy as np

from kreg.callbacks import inventory
from kreg.callbacks.overhead import MOST
from kreg.callbacks.rows import Rows

NO_VALIDATION = (
    "NO VALIDATION: without validation rows nothing can be said about overfitting. Pass "
    "`validation=(x_val, y_val)` to kreg.Diagnostics, with rows that the model does not train on."
)
FEW_ROWS = (
    "{} of {} validation rows are measured, so that measuring stays near {:.0%} of the training "
    "time; kreg.Diagnostics(..., rows=2048) takes more."
)


class Start:
    """When the training began, and with which weights."""

    def __init__(self, model):
        self.began = now()
        self.weights = inventory.copies(model)

    def get_state(self) -> dict:
        return {"began": self.began, "weights": dict(self.weights)}

    def set_state(self, state: dict) -> None:
        self.began = state["began"]
        self.weights = {path: np.asarray(value) for path, value in state["weights"].items()}


def facts(outcome, train: Rows | None, validation: Rows | None) -> dict:
    """Task, loss and sizes, as fields of a `kreg.diagnostics.Record`."""
    sides = {"train": train, "validation": validation}
    sizes = {name: rows.total for name, rows in sides.items() if rows is not None and rows.total}
    measured = [len(rows) for rows in sides.values() if rows is not None]
    sizes |= {"measured": min(measured)} if measured else {}
    return {"task": outcome.task, "loss": outcome.loss, "sizes": sizes}


def about(validation: Rows | None, budget: float | None) -> str:
    """What must be said about the validation rows, or nothing.

    Args:
        validation: The measured rows, or `None`.
        budget: The share of time that has decided how many they are, or `None`.
    """
    if validation is None:
        return NO_VALIDATION
    measured, total = len(validation), validation.total
    if budget is None or total is None or measured in (total, MOST):
        return ""
    return FEW_ROWS.format(measured, total, budget)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
