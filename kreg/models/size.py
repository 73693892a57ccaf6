"""How large a model is, and the dial that makes it larger or smaller."""

import math
from dataclasses import dataclass

import keras

from kreg import check
from kreg.models.options import COUNT, SCALE


@dataclass(frozen=True)
class Parameters:
    """Parameter counts of a model; `total = trainable + frozen`."""

    trainable: int
    frozen: int

    @property
    def total(self) -> int:
        return self.trainable + self.frozen

    def __str__(self) -> str:
        tail = f" ({self.frozen:,} not trained)" if self.frozen else ""
        return f"{self.total:,} parameters{tail}"


def count_parameters(model: keras.Model) -> Parameters:
    """The numbers of trained and of frozen weights (moving statistics, say) of a built model.

    >>> inputs = keras.Input((3,))
    >>> print(count_parameters(keras.Model(inputs, keras.layers.Dense(2)(inputs))))
    8 parameters
    """
    groups = (model.trainable_weights, model.non_trainable_weights)
    return Parameters(*(sum(math.prod(v.shape) for v in group) for group in groups))


def scaled(width: int, scale: float, *, multiple: int = 1) -> int:
    """`round(width * scale)`, at least one, rounded up to a multiple.

    Args:
        width: Whole number >= 1.
        scale: Number from 0.25 to 4.
        multiple: Whole number >= 1. Defaults to `1`.

    >>> scaled(64, 0.25), scaled(1, 0.25), scaled(30, 1.0, multiple=4)
    (16, 1, 32)
    """
    width = check.integer("width", width, **COUNT)
    scale = check.number("scale", scale, **SCALE)
    exact = max(1, round(width * scale))
    return -(-exact // multiple) * multiple
