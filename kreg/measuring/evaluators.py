"""The compiled evaluators of a model, kept beside it for as long as they fit it.

Tracing an evaluator costs as much as several epochs of a small training. Diagnostics, the result of
a run and the next job of a sweep that shares the model measure with the same ones.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import keras

from kreg import private_keras
from kreg.measuring import frozen
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.penalties import WeightEvaluator

ATTRIBUTE = "_kreg_evaluators"
Kept = TypeVar("Kept")
Key: TypeAlias = tuple[object, ...]
Shelf: TypeAlias = dict[Key, tuple[tuple[Any, ...], Any]]  # with the parts of the model it has read


def clean_evaluator(model: keras.Model) -> CleanEvaluator:
    """The model's evaluator of clean losses; rows that were measured before are let go."""
    found = kept(model, (CleanEvaluator,), lambda: CleanEvaluator(model))
    found.let_go()
    return found


def weight_evaluator(model: keras.Model, keep: Sequence[keras.Variable] = ()) -> WeightEvaluator:
    """The model's evaluator of penalties and zeros, which also copies the variables in `keep`."""
    key = WeightEvaluator, bool(keep)
    return kept(model, key, lambda: WeightEvaluator(model, keep), *keep)


def kept(model: keras.Model, key: Key, make: Callable[[], Kept], *more: object) -> Kept:
    """What `make()` made of the model earlier; anew where it was compiled anew or changed.

    Args:
        model: The model.
        key: What it is.
        make: Makes it; what it reads of the model besides variables is in `parts_of`.
        *more: What else it reads, variables among it.
    """
    shelf: Shelf = private_keras.beside(model, ATTRIBUTE, dict)
    parts = (*parts_of(model), *more)
    known, found = shelf.get(key, ((), None))
    if len(known) != len(parts) or any(a is not b for a, b in zip(known, parts, strict=True)):
        found = make()
        shelf[key] = parts, found
    made: Kept = found
    return made


def parts_of(model: keras.Model) -> tuple[Any, ...]:
    """All that an evaluator reads once for all, when it is traced; compared by identity."""
    trained, optimizer = model.trainable_variables, getattr(model, "optimizer", None)
    penalties = [variable.regularizer for variable in trained]
    return (
        private_keras.compiled_loss(model),
        model.loss,
        bool(getattr(model, "run_eagerly", False)),
        optimizer,
        any(penalties) and bool(getattr(optimizer, "built", False)),  # which owns the strengths
        frozen.known(model),
        *model.metrics,
        *model.weights,
        *trained,
        *penalties,
    )
