"""Save all that training changes, at the end of epochs or within them; restore it at the start."""

import contextlib
import math
import time
from collections.abc import Sequence
from typing import Any, Protocol, cast

import keras
import numpy as np

from kreg import check, randomness
from kreg.callbacks.shared_values import shared
from kreg.callbacks.state_protocol import Stateful, state_name, stateful
from kreg.measuring.keras_numbers import Logs

INSIDE = 0.05  # of the time, that states from within an epoch may take


class Store(Protocol):
    """Where states are kept: `kreg.runs.Checkpoint`, say."""

    def write(self, state: dict[str, Any]) -> Any:
        """Keep a state, the whole or nothing."""
        ...

    def read(self) -> dict[str, Any] | None:
        """The newest state, or `None`."""
        ...


class InsideStore(Store, Protocol):
    """One that keeps states from within an epoch, too."""

    def epoch_ended(self) -> None:
        """Note how long the logs are; the next epoch may be begun again from here."""
        ...


class Saver(keras.callbacks.Callback):
    """Makes a training that was killed anywhere go on as if it had not been.

    The state holds `model.variables` (which include the seed generators of noise layers) and
    `optimizer.variables` by position, what every other callback knows, and under PyTorch its global
    random numbers. It is written when an epoch is complete, so a killed epoch is replayed from its
    start; with `kreg.data.epoch_stream` it replays identically. So may several short ones: the
    state only saves time.

    Args:
        store: An object with `write(state)` and `read() -> state or None`, such as
            `kreg.runs.Checkpoint`.
        callbacks: The list that goes to `fit`, with this saver last and a
            `keras.callbacks.History()` in it: Keras would otherwise append its own one, an epoch
            behind. Callbacks with `get_state` and `set_state` are saved, and those of Keras that
            `kreg.callbacks.stateful` knows.
        every: Number of seconds >= 0 between two states. The first whole epoch, the last one and
            the one at which training is told to stop are written whatever the clock says. Defaults
            to `0`: every epoch.
        inside: Whether states are also written within an epoch, at most every `every` seconds and
            for at most a twentieth of the time, and where a signal ends the training. They hold the
            metrics and `"batch"`, how many batches are trained: who goes on hands `fit` the rest of
            that epoch, and batch numbers that go on, too. Not under JAX, whose variables are up to
            date at the end of an epoch alone. Defaults to `False`.

    Raises:
        ValueError: At the start of training, if the saver is not last, or if a saved state belongs
            to another model, optimizer or list of callbacks.
        FloatingPointError: From the store, if a variable is not finite.

    Example:

    ```python
    callbacks = [keras.callbacks.History(), kreg.EarlyStopping()]
    callbacks.append(kreg.callbacks.Saver(checkpoint, callbacks))
    model.fit(stream, initial_epoch=checkpoint.epoch, callbacks=callbacks, ...)
    ```
    """

    def __init__(
        self,
        store: Store | InsideStore,
        callbacks: list[keras.callbacks.Callback],
        every: float = 0.0,
        inside: bool = False,
    ) -> None:
        super().__init__()
        self.store = store
        self.callbacks = callbacks
        self.every = check.number("every", every, low=0)
        self.inside = check.flag("inside", inside)
        self._epoch = self._batches = 0
        self._written = self._begun = -math.inf
        self._took = 0.0  # seconds of the last state from within an epoch
        self._metrics: list[Any] = []
        self._random: list[Any] = []

    @property
    def peers(self) -> dict[str, Stateful]:
        """What speaks for the other callbacks' states, by a name with class and position."""
        found = [(state_name(c), stateful(c)) for c in self.callbacks if c is not self]
        known = [(name, peer) for name, peer in found if peer is not None]
        return {f"{i}:{name}": peer for i, (name, peer) in enumerate(known)}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.callbacks[-1] is not self:
            raise ValueError(
                "kreg.callbacks.Saver must be the last callback: those after it change state that "
                "it has already saved."
            )
        state = self.store.read()
        if state is not None:
            self._restore(state)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch, self._batches = epoch, 0
        self._begun = time.monotonic()
        self._go_on()  # the order of the batches may be drawn now

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        if self._metrics:
            _assign(self.model.metrics_variables, self._metrics)
            self._metrics = []
        if batch == 0:  # PyTorch draws a number for each iterator; an endless stream has one
            self._go_on()

    def _go_on(self) -> None:
        """PyTorch's random numbers go on where the epoch before has left them."""
        if self._random:
            randomness.give_torch(self._random)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches = batch + 1
        if self.inside and self._is_due_inside():
            began = time.monotonic()
            with contextlib.suppress(FloatingPointError):  # the loss will tell, or the epoch's end
                self.store.write(self.state(self._epoch, self._batches))
            self._written = time.monotonic()
            self._took = self._written - began

    def _is_due_inside(self) -> bool:
        """Whether a state is written here; the last batch's is that of the whole epoch."""
        if self._batches >= (self.params or {}).get("steps", math.inf):
            return False
        if self.model.stop_training:
            return self._told_to_go() and not shared(self.model).broken
        since = max(self._written, self._begun)
        return time.monotonic() - since >= max(self.every, self._took / INSIDE)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._random = randomness.of_torch() if keras.backend.backend() == "torch" else []
        if self.inside and self._is_whole():
            cast(InsideStore, self.store).epoch_ended()
        if self._is_whole() and self._is_due(epoch + 1):
            self.store.write(self.state(epoch + 1))
            self._written = time.monotonic()

    def _is_due(self, epoch: int) -> bool:
        """Whether the state after so many epochs is written: the clock only thins out states."""
        ends = self.model.stop_training or epoch >= (self.params or {}).get("epochs", epoch)
        return ends or time.monotonic() - self._written >= self.every

    def _is_whole(self) -> bool:
        """Keras ends an epoch that `stop_training` cut short like a whole one; it is not saved."""
        steps = (self.params or {}).get("steps")
        return not shared(self.model).partial and (steps is None or self._batches >= steps)

    def state(self, epoch: int, batch: int = 0) -> dict[str, Any]:
        """Everything, after `epoch` complete epochs and so many batches of the next one."""
        within = {"batch": batch, "metrics": _values(self.model.metrics_variables)} if batch else {}
        return within | {
            "epoch": epoch,
            "stopped": self._stopped_for_good(),
            "variables": {name: _values(group) for name, group in self._groups().items()},
            "paths": {name: [v.path for v in group] for name, group in self._groups().items()},
            "callbacks": {name: peer.get_state() for name, peer in self.peers.items()},
            "torch": self._random,
        }

    def _stopped_for_good(self) -> bool:
        """Whether a stopping rule has ended training; a signal has not, but may come with one."""
        ruled = any(getattr(peer, "stopped_epoch", 0) for peer in self.callbacks)
        return bool(self.model.stop_training) and (ruled or not self._told_to_go())

    def _told_to_go(self) -> bool:
        return any(getattr(peer, "exit_code", 0) for peer in self.callbacks)

    def _groups(self) -> dict[str, list[keras.Variable]]:
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None:
            return {"model": list(self.model.variables)}
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        return {"model": list(self.model.variables), "optimizer": list(optimizer.variables)}

    def _restore(self, state: dict[str, Any]) -> None:
        groups, peers = self._groups(), self.peers
        _same("groups of variables", list(state["variables"]), list(groups))
        _same("callbacks", list(state["callbacks"]), list(peers))
        for name, variables in groups.items():
            _check_match(name, variables, state["variables"][name], state["paths"][name])
        for name, variables in groups.items():
            _assign(variables, state["variables"][name])
        self._metrics = list(state.get("metrics", []))  # an epoch begins with metrics that are none
        for name, peer in peers.items():
            _give_back(name, peer, state["callbacks"][name])
        self._random = list(state.get("torch", []))  # states of an earlier version have none


def _give_back(name: str, peer: Stateful, state: Any) -> None:
    """What a callback knew; a state that was tampered with is refused in a sentence."""
    try:
        peer.set_state(state)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(
            f"The saved state of {name} cannot be used ({type(error).__name__}: {error}). "
            "Start anew with resume=never."
        ) from error


def _assign(variables: Sequence[keras.Variable], values: Sequence[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _values(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _check_match(
    group: str,
    variables: Sequence[keras.Variable],
    values: Sequence[Any],
    paths: Sequence[str],
) -> None:
    """Refuse the first variable that is another one now; names may differ, shapes may not."""
    if len(variables) != len(values):
        raise ValueError(
            f"The saved state has {len(values)} {group} variables and this one has "
            f"{len(variables)}: it belongs to another model. Start anew with resume=never."
        )
    for variable, value, path in zip(variables, values, paths, strict=True):
        value = np.asarray(value)
        if tuple(variable.shape) != value.shape or str(variable.dtype) != value.dtype.name:
            raise ValueError(
                f"The saved state has {path} with shape {value.shape} and type {value.dtype.name}; "
                f"here it is {variable.path} with {tuple(variable.shape)} and {variable.dtype}. "
                "It belongs to another model. Start anew with resume=never."
            )


def _same(what: str, saved: list[str], now: list[str]) -> None:
    if saved != now:
        raise ValueError(
            f"The saved state was written with other {what}: {saved} then, {now} now. "
            "Start anew with resume=never."
        )
