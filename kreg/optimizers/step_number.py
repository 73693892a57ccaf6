"""Constants of an optimizer that its compiled step can read from variables."""

from typing import Any

from kreg import check
from kreg.untracked import UntrackedNumbers


class StepNumber:
    """A number of an optimizer, as an attribute that its compiled step can read from a variable.

    It is set and read like any attribute, and a step is compiled with its value. After `hold` it
    reads as a scalar tensor, and what is set reaches the next step without a new trace.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.variable = f"_{name}_variable"

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        if optimizer is None:
            return self
        variable = vars(optimizer).get(self.variable)
        return self.number(optimizer) if variable is None else variable.read()[0]

    def __set__(self, optimizer: Any, value: float | None) -> None:
        variable = vars(optimizer).get(self.variable)
        if variable is not None and value is None:
            raise check.invalid(self.name, "a number: the compiled step reads one", value)
        vars(optimizer)[self.name] = value
        if variable is not None:
            variable.assign(value)

    def number(self, optimizer: Any) -> float | None:
        """The number that was set; `None` where the optimizer does not use it."""
        try:
            return vars(optimizer)[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def hold(self, optimizer: Any) -> None:
        """Let steps that are compiled from now on read the number from a variable."""
        value = self.number(optimizer)
        if value is not None and self.variable not in vars(optimizer):
            vars(optimizer)[self.variable] = UntrackedNumbers(value)
