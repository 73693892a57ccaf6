"""What the numbers of a finished training are held against: its rows, and a few more steps."""

from typing import TYPE_CHECKING

from kreg.diagnostics import diagnose, rest
from kreg.diagnostics.proof import proof
from kreg.measuring import restart_probe, rows_found
from kreg.measuring.neighbours import neighbours
from kreg.measuring.rows import Rows

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

ASKED = {*rest.ASKED, "SCHEDULE ENDED"}  # words that depend on whether the losses were free to fall
CAUSED = {"GUESSING", "UNDERFITTING", "SCHEDULE ENDED"}  # those for which a cause is looked for


def look(callback: "Diagnostics", rows: Rows) -> None:
    """Note what the rows say about themselves, and what their nearest neighbours reach."""
    record, clean, validation = callback.record, callback.clean, callback.validation
    names = record.inputs.get("columns", [])
    both = [rows] if validation is None else [rows, validation]
    told = clean.once(
        ("rows found", *names),
        lambda: rows_found.findings(rows, validation, clean.reader, names),
        *both,
    )
    record.inputs["rows_found"] = list(told)
    if validation is None or "validation" not in record.baseline:
        return
    found = clean.once("neighbours", lambda: neighbours(clean, rows, validation), *both)
    if found is not None:
        record.baseline["validation"]["neighbours"] = found


def restart(callback: "Diagnostics", rows: Rows) -> None:
    """Note, where no loss rises, whether both would have gone on to fall."""
    record, train, validation = callback.record, callback.train, callback.validation
    state = diagnose(record).state
    augmented = record.inputs.get("augmented") and callback.batches is None
    if train is None or validation is None or augmented or state not in ASKED or rows.is_uneven:
        return
    found = proof(record)
    if found is not None and found.closed and state == "CONVERGED":  # there is nothing to ask
        return
    if callback.shared.broken or not restart_probe.possible(callback.model, callback.clean):
        return
    record.restart = restart_probe.restart(
        callback.model,
        callback.clean,
        (train, validation),
        rows,
        first=callback.start.weights if state in CAUSED else None,
        batches=callback.batches,
        penalty=lambda: callback.weights().penalty,
    )
