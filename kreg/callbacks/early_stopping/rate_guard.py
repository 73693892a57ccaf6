"""A guard against stopping while the learning rate is being raised."""

from typing import Any


class RateGuard:
    """After a rise of the learning rate, stops are put off for up to `hold` epochs.

    In a warm-up or after a restart (SGDR) the validation loss gets worse because the steps get
    larger, not because the model overfits. The guard closes when the rate has come back to that of
    the best epoch, or when it has not risen for `hold` epochs.

    Args:
        hold: Whole number >= 0 of epochs; 0 switches the guard off.

    >>> guard = RateGuard(hold=2)
    >>> [guard.update(rate, best=False) for rate in (0.1, 0.2, 0.2, 0.2, 0.2)]
    [False, True, True, False, False]
    """

    state = ("last", "at_best", "left")

    def __init__(self, hold: int) -> None:
        self.hold = hold
        self.reset()

    def reset(self) -> None:
        self.last: float | None = None
        self.at_best: float | None = None
        self.left = 0

    def update(self, rate: float | None, best: bool) -> bool:
        """Whether a stop at this epoch should be put off."""
        if rate is None:
            return False
        rises = self.last is not None and rate > self.last * (1 + 1e-6)
        self.left = self.hold if rises else max(self.left - 1, 0)
        self.last = rate
        if best:
            self.at_best = rate
        back = self.at_best is not None and rate <= self.at_best * (1 + 1e-6) and not best
        return self.left > 0 and not back

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.state}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in self.state:
            setattr(self, name, state[name])
