"""What a model will measure in states that are known before it has them, many in one call.

A small model spends its time between the calls of TensorFlow, not in them. Where its states after
the next epochs are known already, as those of a job that is trained with others, they are measured
together: clean losses, penalties, zeros, the learning rate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg.measuring import evaluators
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.keras_numbers import are_finite, present_rate
from kreg.measuring.measurement import Measurement
from kreg.measuring.penalties import WeightEvaluator, WeightNumbers
from kreg.measuring.replicas import graph, over_states, tensors, to_host
from kreg.measuring.rows import Rows

AT_ONCE = 16  # states of one call: the same number always, so that one trace serves them all
Values: TypeAlias = list[Any]  # one tensor a variable, states first
Known: TypeAlias = Callable[[int], tuple[list[np.ndarray], int]]


class Ahead:
    """The measurements of the states that a model has after the epochs of its training.

    Args:
        model: A compiled and built model of the TensorFlow backend, which is put into each of the
            states when its epoch comes.
        variables: What a state consists of.
        known: Gives the states after `AT_ONCE` epochs, from one on, as arrays with the states
            first, and how many of them are known; those that are not may be anything.

    Attributes:
        held: The arrays of the present states, one a variable.
        values: The same as tensors.
    """

    def __init__(self, model: keras.Model, variables: Sequence[keras.Variable], known: Known):
        self.model, self.variables, self.known = model, list(variables), known
        self.places = {id(variable): place for place, variable in enumerate(self.variables)}
        self.first = self.count = 0
        self.held: list[np.ndarray] = []
        self.values: Values = []
        self.numbers: list[Numbers] = []
        self.measured: dict[int, tuple[Rows, list[Measurement]]] = {}

    def at(self, epoch: int) -> "Foreseen":
        """What is measured after an epoch, from 0, whose state is known."""
        if not self.first <= epoch < self.first + self.count:
            self.first = epoch // AT_ONCE * AT_ONCE
            self.held, self.count = self.known(self.first)
            self.values = tensors(self.held)
            self.numbers, self.measured = [], {}
        return Foreseen(self, epoch - self.first)

    def clean(self, clean: CleanEvaluator, rows: Rows) -> list[Measurement] | None:
        """The clean losses in all states; `None` where they are measured one by one."""
        if id(rows) not in self.measured:
            found = clean.in_states(rows, self.variables, self.values)
            if found is None:
                return None
            self.measured[id(rows)] = rows, found
        return self.measured[id(rows)][1]

    def all_numbers(self) -> "list[Numbers]":
        """What weights and optimizer say in all states."""
        if not self.numbers:
            weights = evaluators.weight_evaluator(self.model)
            penalties, zeros, finite, rates, metrics = to_host(self._compute(weights)(self.values))
            self.numbers = [
                Numbers(
                    weights.numbers(penalties[i], zeros[i]),
                    bool(finite[i]),
                    float(rates[i]),
                    {name: value[i] for name, value in metrics.items()},
                )
                for i in range(AT_ONCE)
            ]
        return self.numbers

    def _compute(self, weights: WeightEvaluator) -> Callable[..., Any]:
        """The compiled function behind it."""

        def present() -> tuple[Any, ...]:
            trained = dict(self.model.get_metrics_result())
            return (*weights.sums(), are_finite(self.model), present_rate(self.model), trained)

        def make() -> Callable[..., Any]:
            return graph(over_states(present, self.variables))

        return evaluators.kept(self.model, (Ahead,), make, weights, *self.variables)

    def value(self, variable: keras.Variable, place: int) -> np.ndarray:
        """A variable in one of the states, as an array."""
        return self.held[self.places[id(variable)]][place]


@dataclass(frozen=True)
class Numbers:
    """What weights and optimizer say in one state.

    Args:
        weights: Penalties and zeros.
        finite: Whether all weights are.
        rate: The learning rate.
        metrics: What the compiled loss and metrics say of the epoch's training.
    """

    weights: WeightNumbers
    finite: bool
    rate: float
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Foreseen:
    """One of the states."""

    ahead: Ahead
    place: int

    def clean(self, clean: CleanEvaluator, rows: Rows) -> Measurement | None:
        """The clean loss; `None` where it is measured when the state has come."""
        found = self.ahead.clean(clean, rows)
        return None if found is None else found[self.place]

    @property
    def numbers(self) -> Numbers:
        """What weights and optimizer say."""
        return self.ahead.all_numbers()[self.place]

    def values(self, variables: Sequence[keras.Variable]) -> list[np.ndarray]:
        """Some variables in this state, as arrays."""
        return [self.ahead.value(variable, self.place) for variable in variables]
