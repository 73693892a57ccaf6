"""What Diagnostics notes when the training begins: the task, the sizes, what it must say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kreg import private_keras
from kreg.callbacks.interrupt import Interrupt
from kreg.callbacks.non_finite import NonFinite
from kreg.diagnostics import Record
from kreg.measuring.used_weights import lagging

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
NOT_FIRST = (
    "kreg.Diagnostics is not first in the list of callbacks: what it measures is not seen by {} "
    "before it. Put it first."
)
INDIFFERENT = (  # callbacks that read no losses
    Interrupt, NonFinite, keras.callbacks.LearningRateScheduler, keras.callbacks.BackupAndRestore,
    keras.callbacks.SwapEMAWeights,
)  # fmt: skip


def record(callback: "Diagnostics") -> Record:
    """A record without epochs: name, settings, task, loss and sizes."""
    sides = {"train": callback.train, "validation": callback.validation}
    sizes = {name: rows.total for name, rows in sides.items() if rows is not None and rows.total}
    measured = {f"measured_{name}": len(rows) for name, rows in sides.items() if rows is not None}
    return Record(
        name=callback.name,
        settings=callback.settings,
        inputs=callback.inputs.copy(),
        task=task_of(callback),
        loss=callback.clean.reader.loss,
        sizes=sizes | measured,
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
    without = callback.validation is None and given.get("validation_data") is None
    none = [NO_VALIDATION] if without else []
    late = [NOT_FIRST.format(names)] if (names := readers_before(callback, given)) else []
    about = [*none, *late, *callback.sides.notes, *callback.sides.shared(given)]
    return [*about, lagging(callback.model, planned_steps(callback.params or {}))]


def planned_steps(params: Mapping[str, Any]) -> int | None:
    """Optimizer steps of the whole training; `None` where Keras does not know an epoch's."""
    steps, epochs = params.get("steps"), params.get("epochs")
    return int(steps) * int(epochs) if steps and epochs else None


def readers_before(callback: "Diagnostics", given: Mapping[str, Any]) -> str:
    """The callbacks that read an epoch's logs before Diagnostics has written into them."""
    order = getattr(given.get("callbacks"), "callbacks", [])
    earlier = order[: order.index(callback)] if callback in order else []
    found = [type(one).__name__ for one in earlier if reads(one)]
    return " and ".join(f"`{name}`" for name in dict.fromkeys(found))


def reads(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback does anything with the logs of an epoch, as far as one can see."""
    own = getattr(callback.on_epoch_end, "__func__", callback.on_epoch_end)
    return own is not keras.callbacks.Callback.on_epoch_end and not isinstance(
        callback, INDIFFERENT
    )
