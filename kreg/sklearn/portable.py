"""A fitted model on its way through pickle: Keras knows kreg's classes before it builds it again.

Pickle imports this module before it reads what the model was made of.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kreg import registration

if TYPE_CHECKING:
    import keras

registration.register(*registration.ROOMS)


class Portable:
    """Stands for a model in a pickle, and is the model again when it is read."""

    def __init__(self, model: "keras.Model") -> None:
        self.model = model

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return unpacked, (self.model,)


def unpacked(model: "keras.Model") -> "keras.Model":
    """The model, which Keras has built by now."""
    return model
