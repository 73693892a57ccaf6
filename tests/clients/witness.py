"""What a program did: weights, numbers and words of every epoch, its memory and its errors."""

import contextlib
import gc
import hashlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Witness(keras.callbacks.Callback):
    """The last callback: notes each epoch's weights, logs, and what they are by hand.

    Args:
        by_hand: The program's own computation of kreg's numbers, or `None`.
    """

    def __init__(self, by_hand: Callable[[keras.Model], dict[str, float]] | None = None):
        super().__init__()
        self.by_hand = by_hand
        self.digests: list[str] = []
        self.logs: list[dict[str, float]] = []
        self.expected: list[dict[str, float]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> "Witness":
        return self  # a search copies its callbacks for every trial

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.digests.append(digest(self.model))
        self.logs.append(dict(logs or {}))
        if self.by_hand is not None:
            self.expected.append(self.by_hand(self.model))


@dataclass
class Outcome:
    """One training of a program.

    Args:
        model: The trained model.
        witness: What each epoch was.
        callbacks: The callbacks of kreg, as the program made them.
        printed: Everything on standard output.
        errors: Everything on standard error but warnings.
        warnings: Every warning once.
        policy: The dtype policy that the program has left.
        memory: Bytes above the start, at their peak.
    """

    model: keras.Model
    witness: Witness
    callbacks: list[keras.callbacks.Callback] = field(default_factory=list)
    printed: str = ""
    errors: str = ""
    warnings: set[str] = field(default_factory=set)
    policy: Any = None
    memory: int = 0


def run(program: Any, watched: bool) -> Outcome:
    """Train a program, as it is or with kreg's callbacks."""
    keras.utils.clear_session(free_memory=False)  # the same names in both trainings
    keras.utils.set_random_seed(0)
    gc.collect()
    callbacks = program.callbacks() if watched else []
    witness = Witness(program.by_hand if watched else None)
    out = io.StringIO()
    with peak() as memory, errors() as said, noticed() as warned, contextlib.redirect_stdout(out):
        model = program.train([*callbacks, witness])
    found = Outcome(model, witness, callbacks, out.getvalue(), said[0], warned)
    found.policy, found.memory = keras.config.dtype_policy(), memory[0]
    return found


def digest(model: keras.Model) -> str:
    """All that training changes, bit by bit."""
    found = hashlib.sha256()
    optimizer = getattr(model, "optimizer", None)
    for variable in [*model.variables, *([] if optimizer is None else optimizer.variables)]:
        found.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    return found.hexdigest()


@contextlib.contextmanager
def noticed() -> Iterator[set[str]]:
    """Warnings, which do not end a program as they end a test."""
    found: set[str] = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found |= {f"{one.category.__name__}: {one.message}" for one in caught}


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """Bytes of resident memory above the start, at their peak; 0 where the system does not say."""
    found = [0]
    if not os.access(CLEAR, os.W_OK):
        yield found
        return
    CLEAR.write_text("5")  # the peak starts anew
    start = resident("VmRSS")
    yield found
    found[0] = resident("VmHWM") - start


def resident(name: str) -> int:
    """One line of the process's status, in bytes."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


@contextlib.contextmanager
def errors() -> Iterator[list[str]]:
    """What is written to standard error, by Python and by the libraries below it."""
    found = [""]
    text = io.StringIO()
    with tempfile.TemporaryFile("w+") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stderr(text):
                yield found
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            found[0] = text.getvalue() + file.read()
