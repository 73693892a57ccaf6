"""What an EarlyStopping knows of its training, and with what a training that was cut goes on."""

import time
from typing import Any

import numpy as np

from kreg.callbacks.early_stopping.monitored import Monitored
from kreg.callbacks.early_stopping.rate_guard import RateGuard
from kreg.callbacks.early_stopping.snapshots import Snapshots
from kreg.callbacks.early_stopping.stop_rule import StopRule
from kreg.measuring.used_weights import UsesAverage

STATE = ("stopped_epoch", "would_stop_epoch", "stop_reason", "sentence", "first_epoch")


class Progress(UsesAverage):
    """The results of a stopping rule so far, and their state: `get_state`, `set_state`.

    Args:
        rule: What the user asked for.
        monitored: The number that decides.
        guard: What puts stops off.
        snapshots: What is kept of the model.
    """

    def __init__(
        self, rule: StopRule, monitored: Monitored, guard: RateGuard, snapshots: Snapshots
    ) -> None:
        super().__init__()
        self.rule, self.monitored = rule, monitored
        self.guard, self.snapshots = guard, snapshots
        self.criterion = rule.make(examples=True)
        self._pending: dict[str, Any] | None = None
        self._began: float | None = None  # while a training runs
        self._reset()

    def _reset(self) -> None:
        self.stopped_epoch = 0
        self.would_stop_epoch: int | None = None
        self.stop_reason, self.sentence = "", ""
        self.notes: list[str] = []
        self.first_epoch: int | None = None
        self._seconds = 0.0  # of earlier parts of the training
        self.recent: list[float] = []
        self.restoration, self.averaged_epochs = "", list[int]()
        self.guard.reset()
        self.snapshots.clear()

    @property
    def monitor(self) -> str:
        """The name in the logs of the number that decides."""
        return self.monitored.name

    @property
    def best(self) -> float | None:
        """The best value so far, or `None`."""
        return self.criterion.best

    @property
    def best_epoch(self) -> int:
        """The best epoch's index from 0; 0 before there is one."""
        return (self.criterion.best_epoch or 1) - 1

    @property
    def best_weights(self) -> list[np.ndarray] | None:
        """The best epoch's variables, or `None`."""
        best = self.snapshots.best
        return None if best is None else self.snapshots.load(best)

    @property
    def wait(self) -> int:
        """Validations since the last improvement, for a patience rule; else 0."""
        return int(getattr(self.criterion, "wait", 0))

    @property
    def seconds(self) -> float:
        """Of the training so far, its parts before an interruption included."""
        return self._seconds + (time.monotonic() - self._began if self._began is not None else 0.0)

    def _begin(self) -> None:
        """A training begins, or goes on from the state that was given before."""
        self._began = time.monotonic()
        if self._pending is not None:
            self._apply(self._pending)

    def _end(self) -> None:
        self._seconds, self._began = self.seconds, None
        self._pending = None

    def _follow_logged(self) -> None:
        """Stop by Keras's `val_loss` from now on."""
        raise NotImplementedError

    def get_state(self) -> dict[str, Any]:
        """Everything that a resumed training needs to go on exactly."""
        plain = {name: getattr(self, name) for name in STATE}
        return {
            **plain,
            "monitor": self.monitor,
            "notes": list(self.notes),
            "recent": list(self.recent),
            "seconds": self.seconds,
            "criterion": self.criterion.get_state(),
            "guard": self.guard.get_state(),
            "snapshots": self.snapshots.get_state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from `get_state`; before `fit` or from a callback's `on_train_begin`."""
        self._pending = state
        if self._began is not None:
            self._apply(state)

    def _apply(self, state: dict[str, Any]) -> None:
        for name in STATE:
            setattr(self, name, state[name])
        self.notes, self.recent = list(state["notes"]), list(state["recent"])
        if state.get("monitor", self.monitor) != self.monitor:
            self._follow_logged()
        self._seconds, self._began = float(state["seconds"]), time.monotonic()
        self.criterion.set_state(state["criterion"])
        self.guard.set_state(state["guard"])
        self.snapshots.set_state(state["snapshots"])
        self._pending = None
