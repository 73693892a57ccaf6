"""Interrupt: end a training in good order when it is told to go."""

import contextlib
import inspect
import os
import signal
import threading
from types import FrameType
from typing import Any

import keras

from kreg.callbacks.shared_values import shared
from kreg.measuring.keras_numbers import Logs

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is the terminal's end; Windows has none
WARNINGS = ("SIGUSR1", "SIGUSR2")  # what a queue sends in time: submitit's handler then raises


class Interrupt(keras.callbacks.Callback):
    """The first Ctrl-C, SIGTERM or SIGHUP stops at the end of the batch; the second exits at once.

    The epoch that was cut short is not counted by EarlyStopping and not saved by Resume; a resumed
    training replays it. Python's own handlers are put back afterwards, also after an error where
    it is used as a context manager:

        with Interrupt() as interrupt:
            model.fit(..., callbacks=[interrupt, ...])
        raise SystemExit(interrupt.exit_code)

    A handler of SIGUSR1 or SIGUSR2 that is there already, submitit's say, is called at the end of
    the batch too. Python drops what a handler raises inside a `__del__`, and every epoch has some:
    a job that its queue warns would go on as if nothing had been said.

    Args:
        verbose: `1` says what happens, `0` does not. Defaults to `1`.
    """

    def __init__(self, verbose: int = 1) -> None:
        super().__init__()
        self.verbose = int(verbose)
        self.received: int | None = None
        self._old: dict[signal.Signals, Any] = {}
        self._warned: dict[signal.Signals, Any] = {}
        self._postponed: list[tuple[Any, int]] = []
        self._entered = False

    @property
    def exit_code(self) -> int:
        """0, or 128 + the signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
        return 0 if self.received is None else 128 + self.received

    def __enter__(self) -> "Interrupt":
        self._entered = True
        self._install()
        return self

    def __exit__(self, *error: object) -> None:
        self._entered = False
        self._remove()
        if error[0] is None:
            self._hand_over()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self._entered:
            self._install()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if not self._entered:
            self._remove()
            self._hand_over()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._hand_over()
        if self.received is not None:
            self.model.stop_training = True
            steps = (self.params or {}).get("steps")
            # the last batch completes its epoch
            shared(self.model).partial = steps is None or batch + 1 < steps

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.received is not None:
            self.model.stop_training = True

    def _install(self) -> None:
        """Only the main thread may: elsewhere, in a notebook's worker say, nothing changes."""
        if threading.current_thread() is threading.main_thread() and not self._old:
            known = (getattr(signal, name, None) for name in SIGNALS)
            heard = [number for number in known if number is not None and not ignored(number)]
            self._old = {number: signal.signal(number, self._handle) for number in heard}
            known = (getattr(signal, name, None) for name in WARNINGS)
            asked = [n for n in known if n is not None and callable(signal.getsignal(n))]
            self._warned = {number: signal.getsignal(number) for number in asked}
            for number in asked:
                signal.signal(number, self._postpone)

    def _remove(self) -> None:
        for number, handler in [*self._old.items(), *self._warned.items()]:
            signal.signal(number, handler)
        self._old, self._warned = {}, {}

    def _postpone(self, number: int, frame: FrameType | None) -> None:
        self._postponed.append((self._warned[signal.Signals(number)], number))

    def _hand_over(self) -> None:
        """Call the handlers of the warnings that have come, where what they raise is heard."""
        while self._postponed:
            handler, number = self._postponed.pop(0)
            try:
                handler(number, inspect.currentframe())
            except BaseException:
                if not self._entered:  # what it raises ends `fit`, and no callback hears of that
                    self._remove()
                raise

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        if self.verbose:
            name = signal.Signals(number).name
            with contextlib.suppress(OSError):  # the terminal may be what has gone
                print(f"\n{name}: stopping at the end of this batch. Once more to exit at once.")


def ignored(number: int) -> bool:
    """Whether who started the process has had the terminal's end ignored, as `nohup` does."""
    return number != signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN
