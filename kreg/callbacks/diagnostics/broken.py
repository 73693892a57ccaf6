"""The epochs of a training whose numbers broke: what was measured of them means nothing."""

import math
from typing import TYPE_CHECKING

from kreg.callbacks.non_finite import are_finite_after, where_broken

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

LOSSES = ("clean_loss", "val_clean_loss")  # not finite, whatever they are, once a weight is not


def look(callback: "Diagnostics", epoch: int) -> None:
    """Find weights that are not finite where no `NonFinite` does; `fit` goes on with them.

    A loss that is not finite proves nothing: a scaled loss leaves such a step out. A finite one
    proves nothing either, see `NonFinite`.

    Args:
        callback: That sees the end of an epoch.
        epoch: From 0.
    """
    known = callback.shared
    if known.guarded or known.broken or are_finite_after(callback.model, epoch):
        return
    what = f"The weights are not finite after epoch {epoch + 1}"
    known.broken = f"{what}; {where_broken(callback.model)}."
    if callback.verbose:
        print(f"Diagnostics: {known.broken}")


def at(callback: "Diagnostics", epoch: int) -> None:
    """Record an epoch, from 1, that was cut short or follows one whose weights broke."""
    callback.record.append(epoch, dict.fromkeys(LOSSES, math.nan))
    if callback.shared.broken not in callback.notes:
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
    """Why it broke, for the report; who has found it has said it."""
    text = callback.shared.broken
    callback.shared.events.append({"epoch": epoch, "kind": "failure", "text": text})
    callback.notes.append(text)
    callback.record.warnings.append(text)
