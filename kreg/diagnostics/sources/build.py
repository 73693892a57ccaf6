"""From columns of numbers to a record: shared by all sources."""

import math
from collections.abc import Mapping, Sequence
from typing import SupportsFloat

from kreg.diagnostics.record import Record
from kreg.diagnostics.record_schema import LAST, bounded


def from_columns(
    name: str, epochs: Sequence[int], columns: Mapping[str, Sequence[float | None]]
) -> Record:
    """A record of logged numbers.

    Args:
        name: Of the run.
        epochs: Whole numbers from 1, growing.
        columns: Curve name to values (`None` for "not measured"), one an epoch.
    """
    record = Record(name=name)
    for i, epoch in enumerate(epochs):
        record.append(epoch, {key: values[i] for key, values in columns.items()})
    missing = [key for key in ("loss", "val_loss") if key not in columns]
    if missing and not record.measured("val_clean_loss").any():
        have = ", ".join(sorted(columns)) or "nothing"
        record.warnings.append(f"Missing: {', '.join(missing)}. The history has: {have}.")
    return record


def numeric(value: object) -> float | None:
    """The value as a float; `None` where there is nothing or no number."""
    if not isinstance(value, (str, SupportsFloat)):
        return None
    try:
        return bounded(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _counts(epoch: float) -> bool:
    return math.isfinite(epoch) and epoch == int(epoch) and abs(epoch) < LAST


def growing(epochs: Sequence[object]) -> tuple[list[int], list[int], str]:
    """`(positions, epochs from 1, warning)`: the last try of each epoch, in order.

    A log that a resumed training appended to repeats epochs; a log of two trainings starts again.
    """
    numbers = [e for epoch in epochs if (e := numeric(epoch)) is not None]
    if len(numbers) < len(epochs) or any(not _counts(e) for e in numbers):
        return (
            list(range(len(epochs))),
            list(range(1, len(epochs) + 1)),
            ("The epoch column is damaged; rows are counted instead." if len(epochs) else ""),
        )
    latest = {int(e): i for i, e in enumerate(numbers)}
    order = sorted(latest)
    shift = 1 if order and order[0] <= 0 else 0  # Keras counts from 0 in its logs
    repeated = len(epochs) - len(order)
    warning = f"{repeated} epochs are logged twice; the later row counts." if repeated else ""
    shift = shift - order[0] if order and order[0] < 0 else shift
    return [latest[e] for e in order], [e + shift for e in order], warning
