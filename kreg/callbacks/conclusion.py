"""What Diagnostics adds when the training is over: provenance, calibration, layers, the verdict."""

import platform
import sys
import traceback

import keras
import numpy as np

from kreg import __version__, diagnostics
from kreg.callbacks import examples, inventory, restart, rows_found
from kreg.callbacks.baseline import baseline
from kreg.callbacks.dead import dead_units
from kreg.callbacks.neighbours import neighbours
from kreg.callbacks.opening import now
from kreg.callbacks.probes import PROBES
from kreg.callbacks.rows import Rows, take
from kreg.diagnostics.rest import RESTING

CAUSED = ("GUESSING", "UNDERFITTING", "SCHEDULE ENDED")  # words for which a cause is looked for


def complete(callback) -> None:
    """Fill the record's last fields; what resists costs a line in the report, not the run."""
    record = callback.record
    record.provenance = {**record.provenance, **provenance(callback.start.began)}
    sides = {"train": callback.train, "validation": callback.validation}
    for side, rows in sides.items():
        if rows is not None:
            guarded(callback.note, "calibration", lambda s=side, r=rows: _look(callback, s, r))
            guarded(callback.note, "baseline", lambda s=side, r=rows: _guess(callback, s, r))
    guarded(callback.note, "layer table", lambda: _layers(callback))
    if callback.train is not None:
        rows = more_rows(callback)
        guarded(callback.note, "look at the rows", lambda: _rows(callback, rows))
        if callback.probe_training:
            guarded(callback.note, "restart probe", lambda: _restart(callback, rows))
    for name in callback.probes:
        guarded(callback.note, f"probe {name}", lambda n=name: _probe(callback, n))


def provenance(began: str) -> dict:
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


def _look(callback, side: str, rows) -> None:
    """Calibration inputs and single examples of one side, with the final weights."""
    measured, inputs = callback.clean(rows), callback.record.inputs
    kind = callback.clean.outcome.kind
    counts = examples.balance(rows, kind)
    if counts:
        inputs.setdefault("balance", {})[side] = counts
    if measured.confidence is not None and np.isfinite(measured.confidence).all():
        callback.record.calibration[side] = {
            "confidence": np.asarray(measured.confidence, "float32"),
            "correct": np.asarray(measured.correct, "float32"),
        }
    if side == "train":
        callback.record.train_losses = measured.examples
        inputs["hardest"] = examples.hardest(rows, measured.examples, measured.correct, kind)
        if not callback.board.partial:
            _catch_up(callback.record, measured)


def _guess(callback, side: str, rows) -> None:
    """What guessing costs on one side, and among how many classes."""
    found = baseline(callback.clean, rows)
    if found:
        callback.record.baseline[side] = found
    count = callback.clean.outcome.classes(callback.clean.predict(rows.head(1)))
    if count:
        callback.record.sizes["classes"] = count


def more_rows(callback) -> Rows:
    """Training rows for the references; of batches only those that were measured."""
    arrays = isinstance(callback.data, tuple | list)
    if not arrays:
        return callback.train
    return take("train", callback.data, restart.ROWS, **callback.how)


def _rows(callback, rows: Rows) -> None:
    """What the rows say about themselves, and what their nearest neighbours reach."""
    record, clean, validation = callback.record, callback.clean, callback.validation
    record.inputs["rows_found"] = rows_found.findings(rows, validation, clean.outcome)
    if validation is not None and "validation" in record.baseline:
        found = neighbours(clean, rows, validation)
        if found is not None:
            record.baseline["validation"]["neighbours"] = found


def _restart(callback, rows: Rows) -> None:
    """Where the losses rest: whether they would have gone on to fall."""
    record, model, clean = callback.record, callback.model, callback.clean
    found = diagnostics.diagnose(record)
    if callback.validation is None or found.state not in (*RESTING, "SCHEDULE ENDED"):
        return
    if not restart.possible(model, clean) or callback.board.broken:
        return
    if record.inputs.get("augmented") and callback.batches is None:
        return
    record.restart = restart.restart(
        model,
        clean,
        callback.train,
        callback.validation,
        rows,
        first=None if found.state not in CAUSED else callback.start.weights,
        batches=callback.batches,
        penalty=lambda: callback.weights().penalty,
    )


def _catch_up(record, measured) -> None:
    """The training side of the last epoch on all rows, where it was thinned out."""
    values = {f"clean_{name}": value for name, value in measured.metrics.items()}
    values["clean_loss"] = measured.loss
    validation = record.curves.get("val_clean_loss", [None])[-1:]
    if validation and validation[0] is not None and measured.loss is not None:
        values["gap"] = validation[0] - measured.loss
    for name in record.curves.keys() & values.keys():
        record.curves[name][-1] = values[name]


def _layers(callback) -> None:
    model, rows = callback.model, callback.validation or callback.train
    dead = {} if rows is None else dead_units(model, rows)
    callback.record.layers = inventory.rows(
        model, callback.start.weights, callback.last.weights(), dead
    )
    more = callback.columns(model) if callback.columns else {}
    for row in callback.record.layers:
        row.update(more.get(row["name"], {}))


def _probe(callback, name: str) -> None:
    """One row of weak evidence."""
    row = PROBES[name](callback.model, callback.clean, callback.train)
    callback.record.inputs.setdefault("weak_evidence", []).append(row)


def guarded(note, what: str, make):
    """`make()`; an error becomes a note, because the training's result is safe first."""
    try:
        return make()
    except Exception as error:
        traceback.print_exc()
        note(f"The {what} could not be made ({type(error).__name__}: {error}). Training is fine.")
        return None


def verdict(record, note):
    return guarded(note, "verdict", lambda: diagnostics.diagnose(record))


def document(record, found, note):
    return guarded(note, "report", lambda: diagnostics.document(record, verdict=found))
