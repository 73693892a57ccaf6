"""The members of a population: one stack, of one start and one order of the rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from kreg.procedures.population import numbers
from kreg.procedures.population.numbers import Setting
from kreg.training.plan import Plan
from kreg.training.stack import Stack, part_of, pick, putting, state_of, tensors

States: TypeAlias = list[list[np.ndarray]]  # of some epochs: one array a variable, members first


class Members:
    """A stack whose members differ in their numbers, and may become copies of each other.

    All begin with the weights of the one plan and read its rows in its order. So the numbers along
    a line of copies are all that there is to say about it, and one run with them is this line.

    Args:
        training: Compiled for whole epochs. Its model measures, and lends its step.
        settings: The numbers of each member.
    """

    def __init__(self, training: Plan, settings: Sequence[Setting]):
        from kreg.measuring import clean_evaluator, take

        self.model, self.stack = training.model, Stack([training] * len(settings))
        self.start = state_of(self.model)
        self.put = putting(self.model)
        held_out = training.held_out()
        self.clean = clean_evaluator(self.model)
        self.rows = take("validation", held_out, len(held_out[1]))
        self.give(dict(enumerate(settings)))

    def train(self, epochs: int) -> None:
        """Train all members until so many epochs are done."""
        self.stack.train(0, epochs)

    def losses(self) -> list[float]:
        """The clean validation loss of each member as it is now."""
        from kreg.measuring.used_weights import used_weights

        found = []
        for place in range(len(self.stack)):
            self.become(place)
            with used_weights(self.model):  # of averages the average
                loss = self.clean(self.rows).loss
            found.append(float("nan") if loss is None else float(loss))
        return found

    def become(self, place: int) -> None:
        """Put the state of a member into the model."""
        self.put([part_of(value, place) for value in self.stack.values])

    def copy(self, copied: Sequence[int]) -> None:
        """Let each member go on with the weights, optimizer and noise of the named one."""
        self.stack.values = pick(self.stack.values, list(copied))

    def give(self, settings: Mapping[int, Setting]) -> None:
        """Give some members other numbers."""
        values = [np.array(value) for value in self.stack.values]
        for place, setting in settings.items():
            self.become(place)
            numbers.put(self.model, setting)
            for value, part in zip(values, state_of(self.model), strict=True):
                value[place] = part
        self.stack.values = tensors(values)

    def states(self, first: int) -> States:
        """What the members were after each epoch from one on, from 0."""
        return [[np.asarray(value) for value in values] for _, values in self.stack.epochs[first:]]

    def remember(self, states: States) -> None:
        """Go on from epochs that an earlier process has trained."""
        everyone = list(range(len(self.stack)))
        self.stack.epochs += [(everyone, tensors(values)) for values in states]
        self.stack.values = self.stack.epochs[-1][1]

    def player(self, line: Sequence[int], setting: Setting) -> Callable[[Any], dict[str, Any]]:
        """What takes the place of the model's compiled step where a line is played as a run.

        Args:
            line: Whose state it has after each epoch.
            setting: Its last numbers, which the model names when it is saved.
        """
        known = zip(line, self.stack.epochs, strict=True)
        self.stack.epochs = [([0], pick(values, [place])) for place, (_, values) in known]
        numbers.put(self.model, setting)
        self.put(self.start)
        return self.stack.player(0, self.model)
