"""A model that is run beside its training: whatever it writes to is put back."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras
from keras import ops

from kreg import private_keras
from kreg.measuring.rows import Nest


@contextmanager
def lent(model: keras.Model, more: Sequence[keras.Variable] = ()) -> Iterator[None]:
    """Afterwards averages, random seeds and the variables in `more` are what they were before.

    Keras's own layers write to none of them in inference mode; a layer that draws a code, or counts
    its calls, does.
    """
    states = [*more, *private_keras.own_states(model), *private_keras.global_seeds()]
    before = [ops.copy(v) for v in states]
    try:
        yield
    finally:
        for variable, value in zip(states, before, strict=True):
            variable.assign(value)


def inference(model: keras.Model) -> Callable[[Nest], Nest]:
    """`x -> model(x)` in inference mode, also where `call` takes no `training`."""
    parameters = inspect.signature(model.call).parameters
    if "training" in parameters:
        return lambda x: model(x, training=False)
    return lambda x: model(x)
