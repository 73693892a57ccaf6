"""Constants of an optimizer that its compiled step can read from variables."""

from typing import Any

from keras import ops

from kreg import check, schedules
from kreg.schedules import Schedule
from kreg.untracked import UntrackedNumbers


class StepNumber:
    """A number of an optimizer, as an attribute that its compiled step can read from a variable.

    It is set and read like any attribute, and a step is compiled with its value. After `hold` it
    reads as a scalar tensor, and what is set reaches the next step without a new trace. A
    `kreg.Schedule`, or its configuration, reads as its value at the optimizer's iterations.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.variable = f"_{name}_variable"

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        if optimizer is None:
            return self
        variable = vars(optimizer).get(self.variable)
        if variable is not None:
            return variable.read()[0]
        value = self.number(optimizer)
        if not isinstance(value, Schedule):
            return value
        return value.at_step(ops.cast(optimizer.iterations, "float32"), ops)

    def __set__(self, optimizer: Any, value: Any) -> None:
        if isinstance(value, dict | Schedule):
            value = schedules.get(self.name, value, low=0, high=1)
            value.require_steps_per_epoch()
        variable = vars(optimizer).get(self.variable)
        if variable is not None and not isinstance(value, int | float):
            raise check.invalid(self.name, "a number: the compiled step reads one", value)
        vars(optimizer)[self.name] = value
        if variable is not None:
            variable.assign(value)

    def number(self, optimizer: Any) -> float | Schedule | None:
        """What was set; `None` where the optimizer does not use it."""
        try:
            return vars(optimizer)[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def hold(self, optimizer: Any) -> None:
        """Let steps that are compiled from now on read the number from a variable."""
        value = self.number(optimizer)
        if isinstance(value, int | float) and self.variable not in vars(optimizer):
            vars(optimizer)[self.variable] = UntrackedNumbers(value)
