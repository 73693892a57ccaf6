"""A penalty's strength as an attribute: checked when set, effective at once where it is in use."""

from kreg import schedules
from kreg.regularizers.options import STRENGTH


class Strength:
    """A number >= 0 or a `kreg.Schedule`; setting it reaches every optimizer that trains with it.

    The compiled training step reads the value from a variable of the optimizer, so that
    `penalty.l1 = 0.1` between two fits causes no new trace.
    """

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, penalty, owner=None):
        return self if penalty is None else penalty.__dict__[self.name]

    def __set__(self, penalty, value):
        value = schedules.get(self.name, value, **STRENGTH)
        owners = penalty.owners()
        before = penalty.__dict__.get(self.name)
        scheduled = isinstance(value, schedules.Schedule) or isinstance(before, schedules.Schedule)
        if owners and scheduled and value != before:
            raise ValueError(
                f"`{self.name}` cannot become or stop being a schedule while an optimizer trains "
                "with it: the compiled step would not notice. Attach a new penalty with "
                "`kreg.regularize`, or build and compile the model again."
            )
        penalty.__dict__[self.name] = value
        for optimizer in owners:
            optimizer.push_strengths()


def now(value) -> float:
    """The strength at step 0: the number itself, or a schedule's first value."""
    return value.at_step(0) if isinstance(value, schedules.Schedule) else value
