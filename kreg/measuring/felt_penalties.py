"""Whether training feels the penalties that are logged, and whether they can make exact zeros."""

from collections.abc import Callable
from typing import Any

import keras

from kreg import private_keras

IGNORED = (
    "Training does not feel the penalty of {weights}: this model's own training step leaves "
    "`self.losses` out of its loss, and {optimizer} takes no step of it. Add `sum(self.losses)` to "
    "the loss, or compile with kreg.optimizers."
)
NO_ZEROS = (
    "Under {optimizer} the penalty of {weights} is Keras's: it shrinks and makes no exact zeros. "
    "For zeros compile with kreg.optimizers, or with kreg.optimizers.proximal(yours)."
)


def sentence(model: keras.Model) -> str:
    """What must be said of kreg's penalties once a model has trained, or nothing.

    Keras's own regularizers do not say who has asked them, so nothing is said of them.
    """
    penalised = [v for v in model.trainable_variables if hasattr(v.regularizer, "trained_by")]
    optimizers = private_keras.optimizers_of(model)
    left = [v for v in penalised if not any(takes(one, v.regularizer) for one in optimizers)]
    if not left:
        return ""
    names = ", ".join(dict.fromkeys(type(one).__name__ for one in optimizers)) or "no optimizer"
    ignored = [v for v in left if not v.regularizer.trained_by(model)]
    if ignored:
        return IGNORED.format(weights=listed(ignored), optimizer=names)
    sharp = [v for v in left if v.regularizer.has_sharp]
    return NO_ZEROS.format(weights=listed(sharp), optimizer=names) if sharp else ""


def takes(optimizer: keras.Optimizer, penalty: Any) -> bool:
    """Whether an optimizer of kreg takes the penalty's step."""
    known: Callable[[Any], bool] | None = getattr(optimizer, "takes_step_of", None)
    return known is not None and known(penalty)


def listed(weights: list[keras.Variable], limit: int = 3) -> str:
    more = f" and {len(weights) - limit} more" if len(weights) > limit else ""
    return ", ".join(f"`{w.path}`" for w in weights[:limit]) + more
