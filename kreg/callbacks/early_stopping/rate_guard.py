"""A guard against stopping for what the learning rate does: its rises, and its end."""

from typing import Any

RESTS = 0.02  # of the best value: further away it has got worse, whatever the rate does
LOW = 0.1  # of the largest rate: where it falls on below, it is the schedule that rests


class RateGuard:
    """Two things that the learning rate does are no reason to stop.

    After a rise of the learning rate, stops are put off for up to `hold` epochs.

    In a warm-up or after a restart (SGDR) the validation loss gets worse because the steps get
    larger, not because the model overfits. The guard closes when the rate has come back to that of
    the best epoch, or when it has not risen for `hold` epochs.

    At the end of a planned schedule the loss rests because the rate goes to zero. `ending` says so:
    the rate is below a tenth of its largest value and falls on. One that was lowered once, as
    `keras.callbacks.ReduceLROnPlateau` does it, does not fall on.

    Args:
        hold: Whole number >= 0 of epochs; 0 switches the guard off.

    >>> guard = RateGuard(hold=2)
    >>> [guard.update(rate, best=False) for rate in (0.1, 0.2, 0.2, 0.2, 0.2)]
    [False, True, True, False, False]
    """

    state = ("last", "at_best", "left", "largest", "falls")

    def __init__(self, hold: int) -> None:
        self.hold = hold
        self.reset()

    def reset(self) -> None:
        self.last: float | None = None
        self.at_best: float | None = None
        self.left = 0
        self.largest = 0.0
        self.falls = False

    def ending(self, value: float, best: float | None) -> bool:
        """Whether a schedule is at its end, and the value rests: neither improved nor lost."""
        low = self.last is not None and self.last < LOW * self.largest
        if not (self.hold and self.falls and low and best is not None):
            return False
        return abs(value - best) <= RESTS * abs(best)

    def update(self, rate: float | None, best: bool) -> bool:
        """Whether a stop at this epoch should be put off."""
        if rate is None:
            return False
        rises = self.last is not None and rate > self.last * (1 + 1e-6)
        self.falls = self.last is not None and rate < self.last * (1 - 1e-6)
        self.largest = max(self.largest, rate)
        self.left = self.hold if rises else max(self.left - 1, 0)
        self.last = rate
        if best:
            self.at_best = rate
        back = self.at_best is not None and rate <= self.at_best * (1 + 1e-6) and not best
        return self.left > 0 and not back

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.state}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in state.keys() & set(self.state):  # 0.1 has written the first three
            setattr(self, name, state[name])
