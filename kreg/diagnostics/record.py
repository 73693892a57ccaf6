"""Record: everything that a run has measured. The verdict reads this and nothing else."""

import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from kreg import archive, check
from kreg.diagnostics.record_schema import Fields, bounded, refuse_uneven
from kreg.files import AnyPath
from kreg.foreign.schema import conform

MAX_EXAMPLES = 2048  # per-example losses kept an epoch: enough for a paired test, 8 kB in float32
ARRAYS = ("examples", "correct")


class Event(TypedDict):
    """A `"stop"`, `"restore"`, `"thaw"`, `"failure"` or change of the `"learning_rate"`.

    A `"restore"` has the `mean`, the epochs whose mean was put back; empty for the epoch alone.
    """

    epoch: int
    kind: str
    text: str
    mean: NotRequired[list[int]]


class Inputs(TypedDict, total=False):
    """Facts about the inputs; see `Record`. Each may be missing."""

    image: bool
    augmented: bool
    steps: int
    monitored: list[str]
    class_weight: dict[str, float]
    columns: list[str]
    class_names: list[str]
    found: list[str]
    rows_found: list[str]
    validation_rows: str
    units: dict[str, str]
    target: dict[str, list[float]]
    balance: dict[str, dict[str, int]]
    hardest: list[dict[str, Any]]
    samples: dict[str, Any]
    weak_evidence: list[dict[str, Any]]
    other_runs: list[dict[str, Any]]


@dataclass
class Record:
    """What one training run has measured, epoch by epoch. Plain values and arrays; no Keras.

    Epochs are numbered from 1, as Keras's progress bar prints them. A curve has one value an epoch:
    `None` where nothing was measured, NaN or infinity where the measurement was not finite.

    Names of the curves (all optional; the verdict says what it misses):

    - `loss`, `val_loss`: as Keras logged them, with penalties, noise and running mean;
    - `clean_loss`, `val_clean_loss`, `clean_<metric>`, `val_clean_<metric>`: inference mode,
      penalty-free, un-augmented;
    - `val_refined_loss`: `val_clean_loss` after one temperature, see `kreg.diagnostics.refinement`;
    - `train_standard_error`: of `clean_loss`, from its per-example losses;
    - `penalty`: the sum of all penalties at the epoch's end; `learning_rate`.

    Args:
        name: How the run is called on the page.
        task: `"classification"`, `"binary"`, `"multilabel"`, `"regression"` or `None` when not
            known.
        loss: Name of the loss, `"sparse_categorical_crossentropy"` say.
        sizes: Numbers of rows: `train`, `validation` (whole sets), `measured_train` and
            `measured_validation` (those that are measured; 0.1 wrote the smaller number as
            `measured`), and `classes` where there are any.
        baseline: `"train"` or `"validation"` to what the best prediction costs there that ignores
            the inputs: `loss`, and `accuracy` of the most frequent class where there are classes.
            Empty where the best constant of the loss is not known. `neighbours`, on the validation
            side: what the nearest training rows in the inputs cost as a prediction.
        restart: What a few more steps on a copy have done to the losses at the end: see
            `kreg.diagnostics.rest`. Empty where that was not tried.
        layers: One plain dict a layer; its keys are listed in `kreg.diagnostics.layer_table`.
        calibration: `"train"` or `"validation"` to a dict of two arrays of shape (n,):
            `confidence` (largest probability, in [0, 1]) and `correct` (0 or 1).
        inputs: Facts about the inputs: `image`, `augmented` (booleans), `steps` (of one epoch),
            `monitored` (the curves that decide when training stops), `columns` (names of a table's
            inputs), `class_names` (list),
            `found` (sentences of the data's checks), `rows_found` (sentences about the measured
            rows), `validation_rows` (hex digits that name the rows of `examples`),
            `balance` (side to class id to rows),
            `hardest` (dicts with `index`, `loss`, `label`, `right`), `samples` (a dict with
            `picture`, uint8 of shape (height, width, 3), and `captions`), `weak_evidence` (dicts
            with `name`, `value`, `note`), `other_runs` (dicts with `name`, `epochs`, `curve` and
            `values`: trainings that lie beside this one).
        events: What happened, in the order of the epochs; see `Event`.
        settings: The run's configuration, JSON values.
        provenance: Versions, seed, command, start and end: JSON values.
        warnings: Sentences to show beside the verdict.
        train_losses: Array of shape (n,), per-example clean training losses at the last epoch, or
            `None`.

    >>> record = Record(name="demo")
    >>> record.append(1, {"loss": 0.9, "val_loss": 1.0})
    >>> record.append(2, {"loss": 0.8})
    >>> record.curve("val_loss")
    array([ 1., nan])
    """

    name: str = "run"
    task: str | None = None
    loss: str | None = None
    epochs: list[int] = field(default_factory=list)
    curves: dict[str, list[float | None]] = field(default_factory=dict)
    examples: list[np.ndarray | None] = field(default_factory=list)
    correct: list[np.ndarray | None] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    baseline: dict[str, dict[str, float]] = field(default_factory=dict)
    restart: dict[str, Any] = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)
    calibration: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=Inputs)
    events: list[Event] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    train_losses: np.ndarray | None = None

    def append(
        self,
        epoch: int,
        values: Mapping[str, float | None],
        *,
        examples: ArrayLike | None = None,
        correct: ArrayLike | None = None,
    ) -> None:
        """Add one epoch.

        Args:
            epoch: Whole number >= 1, larger than the last one.
            values: Curve name to number; `None` or a missing name means "not measured".
            examples: Array of shape (n,), clean validation losses of the same n <= 2048 rows in
                every epoch, or `None`.
            correct: Boolean array of shape (n,), whether each of those rows is predicted right, or
                `None`.
        """
        epoch = check.integer("epoch", epoch, low=1)
        if self.epochs and epoch <= self.epochs[-1]:
            raise check.invalid("epoch", f"a number above {self.epochs[-1]}", epoch)
        for name in values.keys() - self.curves.keys():
            self.curves[name] = [None] * len(self.epochs)
        self.epochs.append(epoch)
        for name, curve in self.curves.items():
            value = values.get(name)
            curve.append(None if value is None else float(value))
        self.examples.append(_row("examples", examples, np.float32))
        self.correct.append(_row("correct", correct, bool))

    def curve(self, name: str) -> np.ndarray:
        """The curve as floats of shape (epochs,), NaN where there is no value."""
        values = self.curves.get(name)
        if values is None:
            return np.full(len(self.epochs), np.nan)
        return np.array([np.nan if v is None else v for v in values], dtype=float)

    def measured(self, name: str) -> np.ndarray:
        """Booleans of shape (epochs,): where the curve has a value, finite or not."""
        values = self.curves.get(name, [None] * len(self.epochs))
        return np.array([v is not None for v in values], dtype=bool)

    def get_state(self) -> archive.State:
        """All fields as JSON values and arrays, for the run's state file."""
        state = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ARRAYS
        }
        return {**state, **{name: _stacked(getattr(self, name)) for name in ARRAYS}}

    def set_state(self, state: archive.State) -> None:
        """Take over what `get_state` returned; names that it does not know are left out."""
        known = {f.name for f in dataclasses.fields(self)}
        for name in known & state.keys():
            value = state[name]
            setattr(self, name, _unstacked(value) if name in ARRAYS else value)

    def save(self, path: AnyPath) -> Path:
        """Write one `.npz` without pickles, in one piece or not at all."""
        return archive.save(path, self.get_state())

    def packed(self) -> bytes:
        """The content of the file that `save` writes."""
        buffer = io.BytesIO()
        archive.write(buffer, self.get_state())
        return buffer.getvalue()

    @classmethod
    def load(cls, path: AnyPath) -> "Record":
        """The record that `save` wrote.

        Raises:
            DamagedError: A `ValueError` with the reason, for any other file.
        """
        state = archive.read(path)
        conform(state, Fields, "the record")
        refuse_uneven(state)
        record = cls()
        record.set_state(state)
        record.curves = {
            name: [None if value is None else bounded(value) for value in curve]
            for name, curve in record.curves.items()
        }
        return record


def _row(name: str, values: ArrayLike | None, dtype: DTypeLike) -> np.ndarray | None:
    if values is None:
        return None
    row = np.array(values, dtype=dtype)  # a copy: the caller may reuse its buffer
    if row.ndim != 1 or row.size > MAX_EXAMPLES:
        raise check.invalid(name, f"an array of shape (n,) with n <= {MAX_EXAMPLES}", row.shape)
    return row


def _stacked(rows: list[np.ndarray | None]) -> dict[str, Any]:
    """Rows of equal length as one array plus the positions of those that are there."""
    there = {i: row for i, row in enumerate(rows) if row is not None}
    values: ArrayLike = np.stack(list(there.values())) if there else []
    return {"count": len(rows), "there": list(there), "values": values}


def _unstacked(state: Mapping[str, Any]) -> list[np.ndarray | None]:
    rows: list[np.ndarray | None] = [None] * int(state["count"])
    for position, values in zip(state["there"], state["values"], strict=True):
        rows[int(position)] = np.asarray(values)
    return rows
