"""What belongs to a model, and which models there are."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import keras

T = TypeVar("T")


def beside(model: keras.Model, name: str, make: Callable[[], T]) -> T:
    """What is kept beside a model under a name, made at first; it vanishes with the model.

    Keras hands a callback the model and nothing of the other callbacks. A table of weak keys would
    never let a model go: the compiled evaluators that are kept beside it refer to it. So this is an
    attribute, set past Keras's tracking: it is no layer, no weight and no part of a saved file.
    """
    found = vars(model).get(name)
    if found is None:
        found = make()
        object.__setattr__(model, name, found)
    return found


@contextmanager
def safe_mode(on: bool) -> Iterator[None]:
    """Keras's own rule for what a file may bring along, as `load_model(safe_mode=)` sets it.

    In public it can be switched off alone, and for good.
    """
    from keras.src.saving.serialization_lib import SafeModeScope

    with SafeModeScope(on):
        yield


def compiled_models_with(weights: list[keras.Variable]) -> list[keras.Model]:
    """All living compiled models that have one of these weights.

    A layer does not know the models around it, and nobody knows all models but the garbage
    collector; one look through its list takes about 0.1 s. (`type(m)`, as a proxy may lie about
    `__class__`.)
    """
    wanted = {id(weight) for weight in weights}
    models = [
        m
        for m in gc.get_objects()
        if issubclass(type(m), keras.Model) and getattr(m, "compiled", False)
    ]
    return [m for m in models if any(id(weight) in wanted for weight in m.weights)]
