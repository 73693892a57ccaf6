"""The compiled evaluators of a model, kept beside it for as long as they fit it.

Tracing an evaluator costs as much as several epochs of a small training. Diagnostics, the result of
a run and the next job of a sweep that shares the model measure with the same ones.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import keras

from kreg import private_keras
from kreg.measuring.clean_loss import CleanEvaluator
from kreg.measuring.penalties import WeightEvaluator

ATTRIBUTE = "_kreg_evaluators"
Evaluator = TypeVar("Evaluator", CleanEvaluator, WeightEvaluator)
# (class, whether it copies variables) -> (parts of the model that it has read, evaluator)
Shelf: TypeAlias = dict[tuple[type, bool], tuple[tuple[Any, ...], Any]]


def clean_evaluator(model: keras.Model) -> CleanEvaluator:
    """The model's evaluator of clean losses; rows that were measured before are let go."""
    found = _fitting(model, CleanEvaluator)
    found.let_go()
    return found


def weight_evaluator(model: keras.Model, keep: Sequence[keras.Variable] = ()) -> WeightEvaluator:
    """The model's evaluator of penalties and zeros, which also copies the variables in `keep`."""
    return _fitting(model, WeightEvaluator, *keep)


def _fitting(model: keras.Model, kind: type[Evaluator], *keep: keras.Variable) -> Evaluator:
    """The evaluator of earlier, or a new one where the model was compiled anew or changed."""
    shelf: Shelf = private_keras.beside(model, ATTRIBUTE, dict)
    key, parts = (kind, bool(keep)), (*parts_of(model), *keep)
    known, evaluator = shelf.get(key, ((), None))
    if len(known) != len(parts) or any(a is not b for a, b in zip(known, parts, strict=True)):
        evaluator = kind(model, *([keep] if keep else []))
        shelf[key] = parts, evaluator
    found: Evaluator = evaluator
    return found


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
        *model.metrics,
        *model.weights,
        *trained,
        *penalties,
    )
