"""Whether a loss is asked by a measurement, for what belongs to training alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kreg import private_keras

MEASURING: ContextVar[bool] = ContextVar("measuring", default=False)


@contextmanager
def measuring() -> Iterator[None]:
    """Until the block is left, losses are those of the data as they are."""
    before = MEASURING.set(True)
    try:
        yield
    finally:
        MEASURING.reset(before)


def is_measured() -> bool:
    """Whether a clean loss is measured, or Keras validates: `evaluate`, `fit`'s validation.

    Keras tells a loss the targets and the outputs and nothing else; where its steps are compiled,
    the answer is asked once, when they are traced.
    """
    return MEASURING.get() or private_keras.is_evaluating()
