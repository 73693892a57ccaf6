"""The state protocol: `get_state()`, `set_state(state)` with named fields, for Keras's own too."""

from typing import Any, Protocol, runtime_checkable

import keras
import numpy as np

# What Keras's own callbacks change while they run. `min_delta` is left out on purpose: Keras flips
# its sign at the first use, and restoring it would flip it twice.
KERAS_STATE = {
    keras.callbacks.History: ("epoch", "history"),
    keras.callbacks.EarlyStopping: (
        "wait", "stopped_epoch", "best", "best_epoch", "best_weights",
    ),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.ModelCheckpoint: ("best",),
}  # fmt: skip


@runtime_checkable
class Stateful(Protocol):
    """What a resumed training continues: a callback with `get_state` and `set_state`.

    A class that has been renamed says its first name as `state_name`, because states that were
    written earlier hold it.
    """

    def get_state(self) -> dict[str, Any]:
        """JSON values and arrays, nested."""
        ...

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from there; called before `fit` or from a callback's `on_train_begin`."""
        ...


class KerasState:
    """Named fields of one of Keras's own callbacks, to be continued exactly.

    Keras's callbacks reset themselves in `on_train_begin`: set the state after that.

    Args:
        callback: One of the classes in `KERAS_STATE`.
    """

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        self.callback = callback
        self.fields = next(f for kind, f in KERAS_STATE.items() if isinstance(callback, kind))

    def get_state(self) -> dict[str, Any]:
        return {name: plain(getattr(self.callback, name, None)) for name in self.fields}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in self.fields:
            setattr(self.callback, name, state[name])


def stateful(callback: keras.callbacks.Callback) -> Stateful | None:
    """What speaks the protocol for `callback`: itself, a `KerasState`, or `None`.

    >>> type(stateful(keras.callbacks.ReduceLROnPlateau())).__name__
    'KerasState'
    """
    if isinstance(callback, Stateful):
        return callback
    return KerasState(callback) if isinstance(callback, tuple(KERAS_STATE)) else None


def state_name(callback: keras.callbacks.Callback) -> str:
    """Under which name a callback stands in a state: that of its class, as it was called first."""
    return getattr(callback, "state_name", type(callback).__name__)


def plain(value: Any) -> Any:
    """Copies as JSON values and arrays, so that the state cannot change behind the store's back."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    value = np.array(value)
    return value.item() if value.ndim == 0 else value
