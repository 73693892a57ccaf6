"""A penalty's strength as an attribute: checked when set, effective at once where it is in use."""

from typing import Any, TypeAlias

from kreg import schedules
from kreg.regularizers.options import STRENGTH

NumberOrSchedule: TypeAlias = float | schedules.Schedule


class Strength:
    """A number >= 0 or a `kreg.Schedule`; setting it reaches every optimizer that trains with it.

    The compiled training step reads the value from a variable of the optimizer, so that
    `penalty.l1 = 0.1` between two fits causes no new trace.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, penalty: Any, owner: type | None = None) -> Any:
        return self if penalty is None else penalty.__dict__[self.name]

    def __set__(self, penalty: Any, value: Any) -> None:
        value = schedules.get(self.name, value, **STRENGTH)
        optimizers = penalty.optimizers()
        before = penalty.__dict__.get(self.name)
        scheduled = isinstance(value, schedules.Schedule) or isinstance(before, schedules.Schedule)
        if optimizers and scheduled and value != before:
            raise ValueError(
                f"`{self.name}` cannot become or stop being a schedule while an optimizer trains "
                "with it: the compiled step would not notice. Attach a new penalty with "
                "`kreg.regularize`, or build and compile the model again."
            )
        penalty.__dict__[self.name] = value
        for optimizer in optimizers:
            optimizer.push_strengths()


def at_step(value: NumberOrSchedule, step: int = 0) -> float:
    """A strength at an optimizer step: the number itself, or the schedule's value."""
    return value.at_step(step) if isinstance(value, schedules.Schedule) else value
