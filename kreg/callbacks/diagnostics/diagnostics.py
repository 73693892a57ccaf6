"""Diagnostics: the clean curves, epoch by epoch, and the verdict at the end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg import check
from kreg.callbacks.diagnostics import broken, train_begin, train_end
from kreg.callbacks.diagnostics.epoch_numbers import EpochNumbers
from kreg.callbacks.diagnostics.sides import Sides
from kreg.callbacks.shared_values import rate_after, shared
from kreg.diagnostics import Verdict
from kreg.diagnostics.rates import rate_jump
from kreg.diagnostics.record import Inputs
from kreg.diagnostics.statistics import paired_se
from kreg.measuring import class_weights, felt_penalties
from kreg.measuring.earlier_weights import FirstWeights, LastWeights
from kreg.measuring.evaluators import clean_evaluator, weight_evaluator
from kreg.measuring.keras_numbers import Logs, scalars
from kreg.measuring.measurement import Measurement
from kreg.measuring.overhead import sentence
from kreg.measuring.probes import PROBES
from kreg.measuring.restart_probe import ROWS
from kreg.measuring.rows import Rows, Source, count
from kreg.measuring.used_weights import UsesAverage, used_weights
from kreg.silent_distribution import refuse_silent_distribution

DRAWN = "by class"  # how the rows were chosen: a state of 0.1 does not say
# model -> layer name -> column of the layer table -> value
Columns: TypeAlias = Callable[[keras.Model], Mapping[str, Mapping[str, Any]]]


class Diagnostics(UsesAverage):
    """`clean_loss`, `val_clean_loss`, `gap`, `penalty`, `sparsity` in the logs of every epoch.

    Clean means: inference mode, no penalties, no augmentation, the weights of the epoch's end (with
    `use_ema` in the optimizer: their average, with which `fit` ends), on fixed rows: all validation
    rows where they weigh up to 16 MB, else a sample with every class in its share, and no more
    training rows. The training itself stays the same bit for bit. Put it *first* in the list of
    callbacks, so that EarlyStopping and CSVLogger see its numbers. At the end, `verdict` says
    whether the model overfits, since when and why.

    A model that computes its own loss (`compute_loss`, `test_step`, `add_loss`) is asked for it.
    What cannot be measured costs one sentence in `notes` and never the training.

    Names in the logs: `clean_loss`, `clean_<metric>` (from `train`), `val_clean_loss`,
    `val_clean_<metric>` (from `validation`), `val_refined_loss` (of a cross-entropy: what one
    temperature, fitted on these rows, leaves of it), `gap = val_clean_loss - clean_loss`, `penalty`
    (the sum of all penalties) and `sparsity` (share of exact zeros in kernels: weights with two
    axes or more, no biases).

    Args:
        train: `(x, y)` or `(x, y, sample_weight)` arrays, `(x, None)` without targets, or batches:
            the training rows *without* augmentation. `None` leaves the training side out.
        validation: The same for validation rows. Without it, `val_clean_loss` is Keras's `val_loss`
            minus the weights' penalties where that is exact; without both, the verdict is
            NO VALIDATION and training goes on.
        rows: Whole number from 1 to 2048: rows measured on each side. Defaults to `None`: all
            validation rows up to 16 MB; of more, and of the training rows, as many as cost about
            `budget` of an epoch, at least 512 and at most 256 MB, and no more training rows than
            validation rows; sizes decide that, no clock. The report says how many. Single losses
            are kept of 2048 rows at most.
        class_weight: As in `fit`, or `None`. Weighs both sides, so that they stay comparable.
        seed: Whole number >= 0 that draws the rows. Defaults to `0`.
        adapt: Whether to measure fewer training rows where all of them would cost more than
            `budget` of the training, as the sizes of rows and model say. Training, validation
            numbers and stopping rules never depend on it. Defaults to `True`.
        budget: Number > 0, share of the training time. Defaults to `0.05`.
        rows_per_epoch: Whole number >= 1 of rows that an epoch trains on, or `None`: as many as
            `train` has.
        name: How the run is called in the report.
        settings: The run's configuration for the report, JSON values, or `None`.
        inputs: Facts for the report, `{"augmented": True}` say, or `None`.
        verbose: `1` prints the verdict at the end, `0` nothing. Defaults to `1`.
        probes: Of `"sharpness"`, `"gradient_noise"`, `"random_labels"`: measured after training,
            and weak evidence. Defaults to `()`.
        warnings: Sentences about the data or the model that the report shall show.
        validate: Whether to write `val_loss` and `val_<metric>` as well, with the penalties that
            Keras puts into them, so that `fit` needs no `validation_data`: its own pass over the
            same rows costs more. Defaults to `False`.
        probe_training: Whether to find out, where no loss rises at the end, if both would fall on:
            a copy is trained on for 20 and for 60 steps. Nothing of the training changes. Defaults
            to `True`.
        batches: A function that returns batches as in training, for that copy, where `train` is
            augmented in training; or `None`.
        columns: A function `model -> {layer name: {column: value}}` that is asked at the end for
            more columns of the layer table, keys of `kreg.diagnostics.layer_table`, or `None`.

    After training: `record` (all numbers), `verdict`, `document` and `notes`.

    >>> import numpy as np
    >>> diagnostics = Diagnostics(train=(np.ones((9, 2)), np.zeros(9)), rows=100)
    """

    def __init__(
        self,
        train: Source = None,
        validation: Source = None,
        *,
        rows: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        seed: int = 0,
        adapt: bool = True,
        budget: float = 0.05,
        rows_per_epoch: int | None = None,
        name: str = "run",
        settings: Mapping[str, Any] | None = None,
        inputs: Inputs | None = None,
        verbose: int = 1,
        probes: Sequence[str] = (),
        warnings: Sequence[str] = (),
        validate: bool = False,
        probe_training: bool = True,
        batches: Callable[[], Iterator[Any]] | None = None,
        columns: Columns | None = None,
    ) -> None:
        super().__init__()
        self.budget = check.number("budget", budget, low=0, low_open=True)
        trained = count(train) if rows_per_epoch is None else rows_per_epoch
        self.trained = trained and check.integer("rows_per_epoch", trained, low=1)
        if rows is not None:
            rows = check.integer("rows", rows, low=1, high=2048)
        seed = check.integer("seed", seed, low=0)
        self.adapt = check.flag("adapt", adapt)
        self.validate = check.flag("validate", validate)
        self.verbose = int(verbose)
        self.name, self.settings = name, dict(settings or {})
        self.inputs: Inputs = {**inputs} if inputs else {}
        self.sides = Sides(
            train,
            validation,
            rows=rows,
            budget=self.budget,
            validate=self.validate,
            seed=seed,
            class_weight=class_weights.checked(class_weight),
        )
        self.train, self.validation = self.sides.draw()
        self.probes = tuple(check.choice("probes", probe, PROBES) for probe in probes)
        self.warnings = tuple(warnings)
        self.probe_training = check.flag("probe_training", probe_training)
        self.batches = batches
        self._arrays = isinstance(train, tuple | list)
        self.columns = columns
        self.verdict: Verdict | None = None
        self._document: dict[str, Any] | None = None
        self._pending: dict[str, Any] | None = None
        self._training = self._inside = False

    # --- training -----------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        refuse_silent_distribution()
        used_weights(self.model).reset()
        self.clean = clean_evaluator(self.model)
        self.start = FirstWeights(self.model)
        self._see_weights()
        self.thin: Rows | None = None
        self._document = None
        self.notes: list[str] = list(self.warnings)
        self.numbers = EpochNumbers(self)
        self.record = train_begin.record(self)
        self._offer()
        for text in train_begin.notes(self):
            self.note(text)
        self._training = True
        if self._pending is not None:
            self._apply(self._pending)

    def _see_weights(self) -> None:
        """Look at the weights anew where there are others: Keras may build a model in `fit`.

        It builds the optimizer there, too, which then has the strengths and starts of penalties.
        """
        weights, trained = len(self.model.weights), len(self.model.trainable_variables)
        if getattr(self, "_seen", None) != (weights, trained) or not self._training:
            self._seen = weights, trained
            self.last = LastWeights(self.model)
        self.weights = weight_evaluator(self.model, self.last.kernels)

    def _offer(self) -> None:
        """Offer the evaluator and the validation rows to the callbacks that follow."""
        self.shared = shared(self.model)
        self.shared.clean, self.shared.rows = self.clean, self.validation
        self.shared.validation = self.shared.refined = self.shared.ahead = None
        self.shared.events, self.shared.broken = [], ""
        self.shared.diagnostics = self

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.shared.partial, self._inside = False, True
        self._see_weights()  # a callback may just have thawed some
        if not self.last.known:  # not earlier: a resumed training restores its weights at the start
            with used_weights(self.model):
                self.weights()
                self.last.take(self.weights.kept)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        self._inside = False
        self._see_weights()
        with used_weights(self.model):
            measured = self.numbers.fill(epoch, logs)
        broken.look(self, epoch)
        if self.shared.broken:
            return broken.at(self, epoch + 1)
        if self.shared.partial:  # an epoch cut short is replayed after the resume
            return
        self.note(felt_penalties.sentence(self.model))
        self._remember(epoch, logs, measured)

    def _remember(self, epoch: int, logs: Logs, validation: Measurement | None) -> None:
        values = scalars(logs)
        train = self.numbers.train
        if train is not None and train.examples is not None:
            values["train_standard_error"] = paired_se(train.examples)
        rate = rate_after(self.model, epoch)
        if rate is not None:
            values["learning_rate"] = rate
        seen: dict[str, Any] = {}
        if validation is not None:
            seen = {"examples": validation.examples, "correct": validation.correct}
        self.record.append(epoch + 1, values, **seen)
        text = rate_jump(self.record.curve("learning_rate"))
        if text:
            self.shared.events.append({"epoch": epoch + 1, "kind": "learning_rate", "text": text})

    def more_rows(self) -> Rows | None:
        """Training rows for what is asked once, at the end; of batches those that were measured."""
        return self.sides.more(ROWS) if self._arrays else self.train

    def note(self, sentence: str) -> None:
        """Say it once, and keep it for the report."""
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)
            self.record.warnings.append(sentence)
            if self.verbose:
                print(f"Diagnostics: {sentence}")

    # --- the end ------------------------------------------------------------------------------

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._training, self._pending = False, None
        broken.late(self)
        self.record.events = list(self.shared.events)  # the verdict reads when layers were thawed
        if self.train is not None and self.thin is not None:
            self.note(sentence(len(self.thin), len(self.train), self.train.total))
        train_end.complete(self)
        self.verdict = train_end.verdict(self.record, self.note)
        if self.verbose and self.verdict is not None:
            print(f"Diagnostics: {self.verdict.headline}")

    @property
    def document(self) -> dict[str, Any] | None:
        """The report as JSON values, with what later callbacks did; `None` before the end."""
        if self._document is None and self.verdict is not None and not self._training:
            self.record.events = list(self.shared.events)
            self._document = train_end.document(self.record, self.verdict, self.note)
        return self._document

    # --- state --------------------------------------------------------------------------------

    def get_state(self) -> dict[str, Any]:
        """Everything that a resumed training needs to go on exactly."""
        return {
            "record": self.record.get_state(),
            "start": self.start.get_state(),
            "last": self.last.get_state() if self._ends() else [],
            "begun_with": self.last.begun_with() if self._inside else [],
            "notes": list(self.notes),
            "events": list(self.shared.events),
            "drawn": DRAWN,
        }

    def _ends(self) -> bool:
        """Whether no epoch follows: only then a resumed training cannot measure for itself."""
        final = (self.params or {}).get("epochs")
        return bool(self.model.stop_training) or self.record.epochs[-1:] == [final]

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from `get_state`; before `fit` or from a callback's `on_train_begin`."""
        self._pending = state
        if self._training:
            self._apply(state)

    def _apply(self, state: dict[str, Any]) -> None:
        if "drawn" not in state and self.sides.can_be_drawn_again():
            shape = np.shape(state["record"]["examples"]["values"])
            measured = shape[1] if len(shape) == 2 else None
            self.train, self.validation = self.sides.draw_as_before(measured)
            self.shared.rows = self.validation
        self.record.set_state(state["record"])
        if "overhead" in state and self.train is not None:  # 0.1 thinned by the clock
            self.thin = self.train.head(state["overhead"]["rows"])
        self.start.set_state(state["start"])
        self.last.set_state(state["last"], state.get("begun_with", []))
        self.notes = list(state["notes"])
        self.shared.events = list(state["events"])
        self._pending = None
