"""SharedMetrics, Together, OneState: an epoch that several workers or devices begin as one."""

import signal
from typing import Any, Protocol

import keras
import numpy as np

from kreg.callbacks.interrupt import Interrupt
from kreg.callbacks.shared_values import shared
from kreg.measuring.keras_numbers import Logs


class Others(Protocol):
    """With whom a training is shared: `kreg.training.workers.Workers`."""

    @property
    def is_first(self) -> bool:
        """Whether this is the worker whose weights are taken."""
        ...

    def row_of(self, values: Any) -> np.ndarray:
        """What each worker has said, `(workers, values)`."""
        ...

    def of_the_first(self, values: list[np.ndarray]) -> list[np.ndarray]:
        """The arrays of the first worker."""
        ...

    def leave(self) -> None:
        """The end of the training."""
        ...


class SharedMetrics(keras.callbacks.Callback):
    """The logs of an epoch are of the rows of all workers, where each has counted its own.

    What a metric of Keras keeps are sums over rows, so they are added up. Put it first: the
    callbacks behind it see the numbers of the whole epoch.

    Args:
        workers: With whom the training is shared.
    """

    def __init__(self, workers: Others) -> None:
        super().__init__()
        self.workers = workers

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        kept = [v for metric in self.model.metrics for v in metric.variables]
        own = [np.asarray(keras.ops.convert_to_numpy(v), np.float64) for v in kept]
        sums = self.workers.row_of(np.concatenate([value.ravel() for value in own])).sum(axis=0)
        for variable, value in zip(kept, np.split(sums, np.cumsum([v.size for v in own])[:-1])):
            variable.assign(value.reshape(variable.shape))
        if logs is not None:
            found = self.model.get_metrics_result()
            logs.update({name: float(value) for name, value in found.items() if name in logs})


class Together(keras.callbacks.Callback):
    """An epoch begins with the weights of the first worker, and no worker ends in the middle of it.

    A worker that stopped alone would leave the others waiting for its gradient. So whoever is told
    to stop, by Ctrl-C, SIGTERM or a rule, goes on to the end of the epoch, and there all stop. Put
    it behind everything that may stop a training, and before a `Saver`.

    Args:
        workers: With whom the training is shared.
        interrupt: Hears the signals of this process, and is told those of the others.
    """

    def __init__(self, workers: Others, interrupt: Interrupt) -> None:
        super().__init__()
        self.workers, self.interrupt = workers, interrupt

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._asked = False
        state, values = state_of(self.model)
        found = self.workers.of_the_first(values)
        if not self.workers.is_first:
            for variable, value in zip(state, found, strict=True):
                variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.model.stop_training:
            self._asked, self.model.stop_training = True, False
            if not shared(self.model).broken:
                shared(self.model).partial = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        stops = self._asked or self.model.stop_training
        told = self.workers.row_of([int(stops), self.interrupt.received or 0]).max(axis=0)
        if told[1] and self.interrupt.received is None:
            self.interrupt.received = signal.Signals(int(told[1]))
        self.model.stop_training = bool(told[0])

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.workers.leave()


class OneState(keras.callbacks.Callback):
    """An epoch begins with the state of the first device on all devices of this process.

    Each device takes the step for itself, and a norm, of a clipped gradient say, is rounded as its
    memory lies. A training that goes on has the state of the first device, so an undisturbed one
    must have it as well.
    """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for variable, value in zip(*state_of(self.model), strict=True):
            variable.assign(value)


def state_of(model: keras.Model) -> tuple[list[keras.Variable], list[np.ndarray]]:
    """The variables of a model and of its optimizer, and their values."""
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    state = [*model.variables, *optimizer.variables]
    return state, [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in state]
