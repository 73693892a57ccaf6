"""The compiled evaluators of a model, kept beside it for as long as they fit it.

Tracing an evaluator costs as much as several epochs of a small training. Diagnostics, the result of
a run and the next job of a sweep that shares the model measure with the same ones.
"""

from kreg import private_keras
from kreg.callbacks.board import board
from kreg.callbacks.clean import Clean
from kreg.callbacks.penalties import Weights


def clean_of(model) -> Clean:
    """The model's evaluator of clean losses; rows that were measured before are let go."""
    found = kept(model, Clean)
    found.let_go()
    return found


def weights_of(model, keep=()) -> Weights:
    """The model's evaluator of penalties and zeros, which also copies the variables in `keep`."""
    return kept(model, Weights, *keep)


def kept(model, kind: type, *keep):
    """The evaluator of earlier, or a new one where the model was compiled anew or changed."""
    shelf, key = board(model).evaluators, (kind, bool(keep))
    parts = (*parts_of(model), *keep)
    known, evaluator = shelf.get(key, ((), None))
    if len(known) != len(parts) or any(a is not b for a, b in zip(known, parts, strict=True)):
        evaluator = kind(model, keep) if keep else kind(model)
        shelf[key] = parts, evaluator
    return evaluator


def parts_of(model) -> tuple:
    """All that an evaluator reads once for all, when it is traced; compared by identity."""
    trained, optimizer = model.trainable_variables, getattr(model, "optimizer", None)
    return (
        private_keras.compiled_loss(model),
        model.loss,
        bool(getattr(model, "run_eagerly", False)),
        optimizer,
        bool(getattr(optimizer, "built", False)),  # from then on it owns the strengths
        *model.metrics,
        *model.weights,
        *trained,
        *(variable.regularizer for variable in trained),
    )
