"""What Diagnostics adds when the training is over: provenance, calibration, layers, the verdict."""

import logging
import platform
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import keras
import numpy as np

from kreg import __version__, diagnostics
from kreg.callbacks.diagnostics import references
from kreg.callbacks.diagnostics.epoch_numbers import first_line
from kreg.diagnostics import Record, Verdict
from kreg.measuring import examples
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.earlier_weights import now
from kreg.measuring.guessing import baseline
from kreg.measuring.layer_numbers import dead_units, layer_rows
from kreg.measuring.own_loss import STEP
from kreg.measuring.probes import PROBES
from kreg.measuring.rows import Rows

if TYPE_CHECKING:
    from kreg.callbacks.diagnostics.diagnostics import Diagnostics

T = TypeVar("T")
Note: TypeAlias = Callable[[str], None]


def complete(callback: "Diagnostics") -> None:
    """Fill the record's last fields; what resists costs a line in the report, not the run."""
    record = callback.record
    record.provenance = {**record.provenance, **provenance(callback.start.began)}
    record.inputs["monitored"] = sorted(callback.shared.decisive)
    sides = {"train": callback.train, "validation": callback.validation}
    for side, rows in sides.items():
        if rows is not None and callback.numbers.possible:
            guarded(callback.note, "calibration", partial(_look, callback, side, rows))
            guarded(callback.note, "baseline", partial(_guess, callback, side, rows))
    guarded(callback.note, "layer table", partial(_layers, callback))
    if (rows := callback.more_rows()) is not None and callback.numbers.possible:
        guarded(callback.note, "look at the rows", partial(references.look, callback, rows))
        if callback.probe_training:
            guarded(callback.note, "restart probe", partial(references.restart, callback, rows))
    for name in callback.probes:
        guarded(callback.note, f"probe {name}", partial(_probe, callback, name))


def provenance(began: str) -> dict[str, str]:
    """Versions, command and times."""
    return {
        "kreg": __version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "python": platform.python_version(),
        "command": " ".join(sys.argv),
        "began": began,
        "ended": now(),
    }


def _look(callback: "Diagnostics", side: str, rows: Rows) -> None:
    """Calibration inputs and single examples of one side, with the final weights."""
    measured, inputs = callback.clean(rows).only(rows.kept), callback.record.inputs
    kind = callback.clean.reader.kind
    counts = examples.balance(rows, kind)
    if counts:
        inputs.setdefault("balance", {})[side] = counts
    if measured.confidence is not None and np.isfinite(measured.confidence).all():
        callback.record.calibration[side] = {
            "confidence": np.asarray(measured.confidence, "float32"),
            "correct": np.asarray(measured.correct, "float32"),
        }
    if side == "validation":
        inputs["validation_rows"] = examples.fingerprint(rows.examples())
    if side == "train":
        callback.record.train_losses = measured.examples
        inputs["hardest"] = examples.hardest(
            rows.examples(), measured.examples, measured.correct, kind
        )


def _guess(callback: "Diagnostics", side: str, rows: Rows) -> None:
    """What guessing costs on one side, and among how many classes."""
    clean = callback.clean
    # no constant prediction is judged as the model's own loss, or a mask, would judge it
    plain = clean.own is None and not clean.masked
    found = clean.once("baseline", lambda: baseline(clean, rows), rows) if plain else {}
    if found:
        callback.record.baseline[side] = dict(found)
    if clean.reader.kind and (count := classes(clean, rows.head(1))):
        callback.record.sizes["classes"] = count


def classes(clean: CleanEvaluator, row: Rows) -> int | None:
    """Among how many classes the model chooses, as its answer to a row shows it."""
    return clean.once("classes", lambda: clean.reader.classes(clean.predict(row)), row)


def _layers(callback: "Diagnostics") -> None:
    model, rows = callback.model, callback.validation or callback.train
    fits = rows is not None and callback.numbers.possible and callback.clean.own != STEP
    dead = dead_units(model, rows) if rows is not None and fits else {}
    start, before = callback.start.weights, callback.last.weights()
    callback.record.layers = layer_rows(model, start, before, dead)
    more = callback.columns(model) if callback.columns else {}
    for row in callback.record.layers:
        row.update(more.get(row["name"], {}))


def _probe(callback: "Diagnostics", name: str) -> None:
    """One row of weak evidence."""
    row = PROBES[name](callback.model, callback.clean, callback.train)
    callback.record.inputs.setdefault("weak_evidence", []).append(row)


def guarded(note: Note, what: str, make: Callable[[], T]) -> T | None:
    """`make()`; an error becomes a note, because the training's result is safe first."""
    try:
        return make()
    except Exception as error:
        logging.getLogger("kreg").debug("The %s could not be made.", what, exc_info=True)
        reason = f"{type(error).__name__}: {first_line(error)}"
        note(f"The {what} could not be made ({reason}). Training is fine.")
        return None


def verdict(record: Record, note: Note) -> Verdict | None:
    return guarded(note, "verdict", lambda: diagnostics.diagnose(record))


def document(record: Record, found: Verdict, note: Note) -> dict[str, Any] | None:
    return guarded(note, "report", lambda: diagnostics.document(record, verdict=found))
