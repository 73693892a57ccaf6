"""What Diagnostics adds when the training is over: provenance, calibration, layers, the verdict."""

import platform
import sys
import traceback
from datetime import datetime

import keras
import numpy as np
from keras import ops

from kreg import __version__, diagnostics


class Start:
    """The weights at the start, for the distance that each layer has gone."""

    def __init__(self, model):
        self.began = datetime.now().isoformat(timespec="seconds")
        self.weights = {v.path: np.array(ops.convert_to_numpy(v)) for v in _kernels(model)}

    def get_state(self) -> dict:
        return {"began": self.began, "weights": dict(self.weights)}

    def set_state(self, state: dict) -> None:
        self.began = state["began"]
        self.weights = {path: np.asarray(value) for path, value in state["weights"].items()}


def _kernels(model) -> list:
    return [v for v in model.trainable_variables if len(v.shape) >= 2]


def vectors(measured) -> dict:
    """The per-example arrays of one epoch, by the names of `Record.append`."""
    return {"examples": measured.examples, "correct": measured.correct}


def complete(callback) -> None:
    """Fill the record's last fields; a model that resists costs a line in the report, not a run."""
    record = callback.record
    record.provenance = {
        "kreg": __version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "python": platform.python_version(),
        "command": " ".join(sys.argv),
        "began": callback.start.began,
        "ended": datetime.now().isoformat(timespec="seconds"),
    }
    sides = {"train": callback.train, "validation": callback.validation}
    for side, rows in sides.items():
        if rows is not None and record.epochs:
            _last_look(record, side, callback.clean(rows))


def _last_look(record, side: str, measured) -> None:
    if measured.confidence is not None:
        record.calibration[side] = {
            "confidence": np.asarray(measured.confidence, "float32"),
            "correct": np.asarray(measured.correct, "float32"),
        }
    if side == "train":
        record.train_losses = measured.examples


def conclude(record, note):
    """`(verdict, document)`; `None` for what could not be made, and a sentence about it."""
    verdict = _guarded(note, "verdict", lambda: diagnostics.diagnose(record))
    document = _guarded(note, "report", lambda: diagnostics.document(record))
    return verdict, document


def _guarded(note, what: str, make):
    try:
        return make()
    except Exception as error:  # whatever it is: the training's result is safe first
        traceback.print_exc()
        note(f"The {what} could not be made ({type(error).__name__}: {error}). Training is fine.")
        return None


def headline(verdict) -> str:
    """One line for the terminal."""
    return str(getattr(verdict, "headline", verdict))
