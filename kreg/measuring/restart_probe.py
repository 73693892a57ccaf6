"""The restart probe: would the losses have gone on to fall?

A learning rate that ends at zero brings every loss to rest, trained or not, and a budget ends
whether or not they fall. So when a training has ended, a copy is trained on for a few steps, at
rates that do not come from the schedule. If both clean losses fall, the training had not converged:
the schedule, the rate or the budget had ended. Where the model has learned little, the same steps
from the initial weights name the cause: if they end lower, the training itself went wrong; if they
do so only without noise and penalties, the regularization is too
strong.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg import private_keras
from kreg.diagnostics.rest import falls_on
from kreg.diagnostics.statistics import paired_z
from kreg.measuring import evaluators
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.descent import RATES, STEPS, Descent, Objective
from kreg.measuring.earlier_weights import MAX_COPY
from kreg.measuring.measurement import Measurement
from kreg.measuring.rows import Batch, Rows

LENGTHS = (STEPS // 3, STEPS)  # small data are memorised within sixty steps
BATCH = 128
ROWS = 4096  # training rows that the copy may see
MOST_KEPT = 2**20  # bytes of a state that is remembered
Reached: TypeAlias = tuple[Measurement, Measurement, float]  # training, validation, penalty


def restart(
    model: keras.Model,
    clean: CleanEvaluator,
    sides: tuple[Rows, Rows],
    rows: Rows,
    *,
    first: Mapping[str, np.ndarray] | None = None,
    batches: Callable[[], Iterator[Batch]] | None = None,
    penalty: Callable[[], float] = lambda: 0.0,
) -> dict[str, Any]:
    """Both clean losses before and after some steps of Adam whose rate falls linearly to zero.

    The steps follow the training's own objective: with noise, penalties and weight decay, so that a
    strong penalty at its optimum does not look like a training that was cut short. Of the rates and
    lengths that lower both losses, the one with the lowest validation loss counts; where none does,
    the one with the lowest training loss. Weights, averages and seeds are put back afterwards, bit
    for bit.

    Args:
        model: The trained model.
        clean: Its evaluator.
        sides: The measured rows, training and validation.
        rows: Training rows for the steps.
        first: Path of each kernel to its initial value, or `None` to look for no causes.
        batches: Returns batches for the steps, augmented as in training; `None` for `rows` as they
            are.
        penalty: Measures the sum of the weights' penalties. Defaults to none.

    Returns:
        `steps` and `rate` of the copy; `train`, `validation` and `penalty`, each a list of the
        value before and after; `z`, the paired z of the validation rows, or `None` without
        per-example losses. Where the losses rest and `first` is given: `fresh`, such a dict for the
        steps from the initial weights, and `free`, one without noise, penalties and augmentation.
    """
    look = Look(model, clean, sides, penalty)

    def given() -> list[Batch]:
        return list(itertools.islice(batches() if batches else shuffled(rows), STEPS))

    found = look.after(given(), training_loss)
    if first and not falls_on(found):
        found["fresh"] = look.after(given(), training_loss, first)
        plain = list(itertools.islice(shuffled(rows), STEPS))
        found["free"] = look.after(plain, clean_loss, first, of=rows)
    return found


class Look:
    """Looks at what a descent does to a model, and puts the model back.

    Args:
        model: The model.
        clean: Its evaluator.
        sides: The measured rows, training and validation.
        penalty: Measures the sum of the weights' penalties.
    """

    def __init__(
        self,
        model: keras.Model,
        clean: CleanEvaluator,
        sides: tuple[Rows, Rows],
        penalty: Callable[[], float],
    ):
        self.model, self.clean, self.sides, self.penalty = model, clean, sides, penalty
        self.start = self.measured()

    def measured(self) -> Reached:
        """Training side, validation side and penalty of the model as it is."""
        train, validation = (self.clean(rows) for rows in self.sides)
        return train, validation, float(self.penalty()) + train.other

    def after(
        self,
        batches: list[Batch],
        objective: Callable[[keras.Model], Objective],
        first: Mapping[str, np.ndarray] | None = None,
        of: Rows | None = None,
    ) -> dict[str, Any]:
        """The best one of the descents, from the present or the initial weights.

        Args:
            batches: For the steps.
            objective: `training_loss`, or `clean_loss` without noise and penalties.
            first: The initial weights, or `None` for the present ones.
            of: Of a descent on the clean loss the rows that are in the batches.
        """
        kept, descent, tries = kept_values(self.model), descent_of(self.model, objective), []
        try:
            for rate, steps in itertools.product(RATES, LENGTHS):
                begin(self.model, first)
                how = {"steps": min(steps, len(batches)), "rate": rate}
                tries.append(how | self.change(*self.reached(descent, batches[:steps], rate, of)))
                put_back(self.model, kept)
        finally:
            put_back(self.model, kept)
        if falling := [found for found in tries if falls_on(found)]:
            return min(falling, key=lambda found: found["validation"][1])
        return min(tries, key=lambda found: lowest(found, penalised=of is None))

    def reached(
        self, descent: Descent, batches: list[Batch], rate: float, of: Rows | None
    ) -> Reached:
        """Descend from the model's present state, and measure where that leads.

        Without noise and penalties nothing but state and rows decides that: it is asked once for
        all trainings that share the model and begin with the same weights.
        """
        begun = kept_values(self.model) if of is not None else []
        large = sum(value.nbytes for value in begun) > MOST_KEPT
        if of is None or large or any(side.other for side in self.start[:2]):
            descent(batches, rate)
            return self.measured()

        def make() -> tuple[list[np.ndarray], Measurement, Measurement]:
            descent(batches, rate)
            sides = [part.without_scores() for part in self.measured()[:2]]
            return kept_values(self.model), sides[0], sides[1]

        what = (Descent, descent.decay, rate, len(batches), digest(begun))
        values, train, validation = self.clean.once(what, make, *self.sides, of)
        put_back(self.model, values)
        return train, validation, float(self.penalty())

    def change(self, train: Measurement, validation: Measurement, penalty: float) -> dict[str, Any]:
        """Each number before and after."""
        return {
            "train": [number(self.start[0].loss), number(train.loss)],
            "validation": [number(self.start[1].loss), number(validation.loss)],
            "penalty": [self.start[2], penalty],
            "z": paired(validation, self.start[1]),
        }


def descent_of(model: keras.Model, objective: Callable[[keras.Model], Objective]) -> Descent:
    """The model's descent on an objective, traced once for all trainings that share the model.

    Args:
        model: The model.
        objective: `training_loss` or `clean_loss`.
    """
    decay = getattr(model.optimizer, "weight_decay", None)
    decay = decay if isinstance(decay, int | float) else None

    def make() -> Descent:
        return Descent(model, objective(model), decay)

    if keras.backend.backend() != "tensorflow":  # JAX compiles the strengths in
        return make()
    return evaluators.kept(model, (objective, decay), make)


def digest(arrays: list[np.ndarray]) -> str:
    """What names arrays by their numbers."""
    found = hashlib.blake2b(digest_size=16)
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def kept_values(model: keras.Model) -> list[np.ndarray]:
    """Copies of all variables of a model: weights, averages, random seeds."""
    return [np.array(ops.convert_to_numpy(v)) for v in model.variables]


def put_back(model: keras.Model, values: list[np.ndarray]) -> None:
    """Undo everything since `kept_values`."""
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


def begin(model: keras.Model, first: Mapping[str, np.ndarray] | None) -> None:
    """Initial kernels, and biases of zero; averages stay."""
    if first is None:
        return
    for weight in model.trainable_variables:
        if weight.path in first:
            weight.assign(first[weight.path])
        elif "bias" in weight.name or "beta" in weight.name:
            weight.assign(ops.zeros(weight.shape, weight.dtype))


def training_loss(model: keras.Model) -> Objective:
    """What the training minimises: noise and penalties included."""

    def objective(x: Any, y: Any, weight: Any) -> Any:
        return model.compute_loss(x, y, model(x, training=True), weight, training=True)

    return objective


def clean_loss(model: keras.Model) -> Objective:
    """The compiled loss alone, in inference mode."""
    loss = private_keras.compiled_loss(model)

    def objective(x: Any, y: Any, weight: Any) -> Any:
        return None if loss is None else loss(y, model(x, training=False), weight)

    return objective


def shuffled(rows: Rows) -> Iterator[Batch]:
    """Endless batches of the rows, in an order that is the same in each run."""
    rng, size = np.random.default_rng(0), min(BATCH, len(rows))
    while True:
        order = rng.permutation(len(rows))
        for start in range(0, len(rows) - size + 1, size):
            chosen = order[start : start + size]
            yield tuple(
                keras.tree.map_structure(lambda a, at=chosen: None if a is None else a[at], part)
                for part in (rows.x, rows.y, rows.weight)
            )


def possible(model: keras.Model, clean: CleanEvaluator) -> bool:
    """Whether a step is Keras's own, of 20 million weights at most, in one process."""
    plain = type(model).train_step is keras.Model.train_step
    one = not clean.replicas.has_workers
    known = private_keras.compiled_loss(model) is not None
    small = len(model.trainable_variables) > 0 and model.count_params() <= MAX_COPY
    return plain and one and known and small


def paired(after: Measurement, before: Measurement) -> float | None:
    """Paired z of the validation rows; negative where the losses have fallen."""
    if after.examples is None or before.examples is None:
        return None
    z = paired_z(after.examples, before.examples)
    return float(z) if np.isfinite(z) else None


def lowest(found: Mapping[str, Any], penalised: bool) -> float:
    """The training loss after a descent, infinite where there is none."""
    cost = float(found["train"][1] + penalised * found["penalty"][1])
    return cost if np.isfinite(cost) else np.inf


def number(loss: float | None) -> float:
    """The loss, NaN where there is none."""
    return np.nan if loss is None else float(loss)
