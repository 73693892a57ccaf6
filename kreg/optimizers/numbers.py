"""Constants of an optimizer that its compiled step can read from variables."""

import contextlib

from kreg.held import Held

NAMES = ("weight_decay", "ema_momentum")


class Numbers:
    """The weight decay and the momentum of the moving average of one optimizer, held in variables.

    Clipping and SGD's momentum are not here: Keras asks in Python whether they are zero.

    Args:
        optimizer: A Keras optimizer; what it does not use (`None`) is not held.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        values = {name: getattr(optimizer, name) for name in NAMES}
        self.held = {name: Held(value) for name, value in values.items() if value is not None}

    def take(self, other) -> None:
        """The constants of another optimizer, from the next step on."""
        for name, held in self.held.items():
            value = getattr(other, name)
            setattr(self.optimizer, name, value)
            held.set(value)

    @contextlib.contextmanager
    def in_step(self):
        """Within the block the optimizer's attributes are what the variables hold."""
        own = vars(self.optimizer)
        before = {name: own[name] for name in self.held}
        own.update({name: held.read()[0] for name, held in self.held.items()})
        try:
            yield
        finally:
            own.update(before)
