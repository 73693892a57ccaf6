"""The last epoch of a training whose numbers broke: what was measured of it means nothing."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

LOSSES = ("clean_loss", "val_clean_loss")  # not finite, whatever they are, once a weight is not


def at(callback: "Diagnostics", epoch: int) -> None:
    """Record an epoch, from 1, that was cut short."""
    callback.record.append(epoch, dict.fromkeys(LOSSES, math.nan))
    keep(callback, epoch)


def late(callback: "Diagnostics") -> None:
    """The same at the end, where the failure was found after the epoch had been measured."""
    record = callback.record
    if not callback.shared.broken or callback.shared.broken in callback.notes or not record.epochs:
        return
    for name in LOSSES:
        record.curves.setdefault(name, [None] * len(record.epochs))[-1] = math.nan
    record.examples[-1] = record.correct[-1] = None
    keep(callback, record.epochs[-1])


def keep(callback: "Diagnostics", epoch: int) -> None:
    """Why it broke, for the report; `NonFinite`, who has found it, has said it."""
    text = callback.shared.broken
    callback.shared.events.append({"epoch": epoch, "kind": "failure", "text": text})
    callback.notes.append(text)
    callback.record.warnings.append(text)
