"""What Diagnostics notes when the training begins: the task, the sizes, what it must say."""

from typing import TYPE_CHECKING

import numpy as np

from kreg import private_keras
from kreg.diagnostics import Record

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

NO_VALIDATION = (
    "NO VALIDATION: without validation rows nothing can be said about overfitting. Pass "
    "`validation=(x_val, y_val)` to kreg.Diagnostics, with rows that the model does not train on."
)
UNMEASURED = (
    "The clean losses cannot be measured: {}. Training goes on, and the verdict rests on what "
    "Keras logs."
)
NO_LOSS = "the model was compiled without a loss, and nothing adds one"
UNKNOWN = (
    "The penalties in `val_loss` cannot be told apart, because this model has losses of its own: "
    "there is no val_clean_loss. Pass `validation=(x_val, y_val)` to kreg.Diagnostics."
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


def notes(callback: "Diagnostics") -> list[str]:
    """What must be said about the rows before anything is measured."""
    given = private_keras.fit_arguments(callback.model)
    none = [NO_VALIDATION] if callback.validation is None else []
    return [*none, *callback.sides.notes, *callback.sides.shared(given)]
