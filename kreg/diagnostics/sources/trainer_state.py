"""Hugging Face's `trainer_state.json`: what `Trainer` has logged, one record an evaluation.

A training `loss` is the mean since the one before; the loss of a record is their mean over the
steps up to its evaluation. Where evaluations do not come once an epoch they are counted instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources.build import from_columns, numeric
from kreg.foreign import json_text

FILE = "trainer_state.json"
CHECKPOINTS = f"checkpoint-*/{FILE}"  # below the output directory: each has all that was logged
EVAL = "eval_"
SPEED = ("runtime", "per_second", "flos")  # of names that are no curves
WHOLE = 1e-6
COUNTED = (
    "The evaluations did not come once an epoch: they are counted, and epoch {} is evaluation {}."
)

Entry = dict[str, Any]


class TrainerState(TypedDict, total=False):
    """As much of the file as is read."""

    log_history: list[Entry]


def is_trainer_state(found: object) -> bool:
    return isinstance(found, dict) and "log_history" in found


def checkpoints(folder: Path) -> list[Path]:
    """The states that a `Trainer` has saved in its output directory, the last one last."""
    found = (path for path in folder.glob(CHECKPOINTS) if step_of(path).isdecimal())
    return sorted(found, key=lambda path: int(step_of(path)))


def step_of(path: Path) -> str:
    return path.parent.name.rpartition("-")[2]


def read_last(folder: Path) -> Record:
    """The record of the training that has left its checkpoints in a folder."""
    record = read(checkpoints(folder)[-1])
    record.name = folder.resolve().name
    return record


def read(path: Path) -> Record:
    """The record of a training.

    Raises:
        ValueError: If nothing was logged yet.
    """
    state = json_text.read(path, TrainerState)
    rows = evaluations(state["log_history"])
    if not rows:
        raise ValueError(f"{path} has no loss and no evaluation yet.")
    told = [row.pop("epoch", None) for row in rows]
    columns = sorted({name for row in rows for name in row})
    curves = {name: [row.get(name) for row in rows] for name in columns}
    whole = whole_epochs(told)
    epochs = whole or list(range(1, len(rows) + 1))
    record = from_columns(path.parent.name or "training", epochs, curves)
    if whole is None:
        record.warnings.append(COUNTED.format(1, 1))
    return record


def whole_epochs(told: Sequence[float | None]) -> list[int] | None:
    """The epochs, if each is a whole number and they grow; else `None`."""
    found = [round(epoch) for epoch in told if epoch is not None]
    same = len(found) == len(told) and all(abs(e - n) < WHOLE for e, n in zip(told, found) if e)
    grows = all(a < b for a, b in zip(found, found[1:]))
    return found if same and grows and found[0] >= 1 else None


def evaluations(entries: Sequence[Entry]) -> list[dict[str, float | None]]:
    """One row an evaluation, with the training loss up to it; without any, one row a log."""
    evaluated = any(is_evaluation(entry) for entry in entries)
    rows: list[dict[str, float | None]] = []
    losses: list[tuple[float, float]] = []
    rate: float | None = None
    before = 0.0
    for entry in entries:
        loss, step = numeric(entry.get("loss")), numeric(entry.get("step")) or 0.0
        if loss is not None:
            losses.append((loss, max(step - before, 1.0)))
            before, rate = step, numeric(entry.get("learning_rate"))
        if is_evaluation(entry) if evaluated else loss is not None:
            row = {"epoch": numeric(entry.get("epoch")), **curves_of(entry)}
            rows.append(row | {"loss": weighted(losses), "learning_rate": rate})
            losses = []
    return rows


def is_evaluation(entry: Entry) -> bool:
    return any(name.startswith(EVAL) for name in entry)


def curves_of(entry: Entry) -> dict[str, float | None]:
    """`eval_loss` as `val_loss`, and its like."""
    return {
        f"val_{name.removeprefix(EVAL)}": numeric(value)
        for name, value in entry.items()
        if name.startswith(EVAL) and not any(word in name for word in SPEED)
    }


def weighted(losses: Sequence[tuple[float, float]]) -> float | None:
    """The mean over all steps of means over some of them."""
    steps = sum(count for _, count in losses)
    return sum(loss * count for loss, count in losses) / steps if steps else None
