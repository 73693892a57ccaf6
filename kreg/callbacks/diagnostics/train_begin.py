"""What Diagnostics notes when the training begins: the task, the sizes, what it must say."""

from typing import TYPE_CHECKING

import numpy as np

from kreg.diagnostics import Record
from kreg.measuring.overhead import MOST
from kreg.measuring.rows import Rows

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

NO_VALIDATION = (
    "NO VALIDATION: without validation rows nothing can be said about overfitting. Pass "
    "`validation=(x_val, y_val)` to kreg.Diagnostics, with rows that the model does not train on."
)
FEW_ROWS = (
    "{} of {} validation rows are measured, so that measuring stays near {:.0%} of the training "
    "time; kreg.Diagnostics(..., rows=2048) takes more."
)


def record(callback: "Diagnostics") -> Record:
    """A record without epochs: name, settings, task, loss and sizes."""
    sides = {"train": callback.train, "validation": callback.validation}
    sizes = {name: rows.total for name, rows in sides.items() if rows is not None and rows.total}
    measured = [len(rows) for rows in sides.values() if rows is not None]
    return Record(
        name=callback.name,
        settings=callback.settings,
        inputs=callback.inputs.copy(),
        task=task_of(callback),
        loss=callback.clean.reader.loss,
        sizes=sizes | ({"measured": min(measured)} if measured else {}),
    )


def task_of(callback: "Diagnostics") -> str | None:
    """The task as the loss tells it; several columns of binary labels are one of their own."""
    task = callback.clean.reader.task
    for rows in (callback.train, callback.validation):
        y = None if rows is None else rows.y
        if task == "binary" and isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] > 1:
            return "multilabel"
    return task


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
