"""Dropout of whole residual branches."""

from typing import Any

import keras

from kreg.layers.arguments import Rate, Shape
from kreg.layers.dropout import Dropout


@keras.saving.register_keras_serializable(package="kreg")
class StochasticDepth(Dropout):
    """`branch * m / (1 - rate)` with one `m` in {0, 1} for each sample; also called DropPath.

    Put it at the end of a residual branch: `Add()([shortcut, StochasticDepth(rate)(branch)])`. A
    sample that draws 0 skips the branch. `kreg.layers.DropPath` is the same class. The paper lets
    the rate grow linearly with depth, see `linear_decay`.
    Source: Huang et al., Deep Networks with Stochastic Depth, 2016.

    Args:
        rate: Number in [0, 1), the fraction of samples that skip the branch; or a `kreg.Schedule`.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`.

    >>> layer = StochasticDepth(0.5, seed=5)
    >>> layer(keras.ops.ones((4, 2)), training=True).numpy().tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0], [0.0, 0.0]]
    """

    def __init__(self, rate: Rate, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed=seed, **kwargs)

    def mask_shape(self, inputs: keras.KerasTensor) -> Shape:
        return (keras.ops.shape(inputs)[0],) + (1,) * (len(inputs.shape) - 1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config


DropPath = StochasticDepth


def linear_decay(rate: float, index: int, total: int) -> float:
    """`rate * (index + 1) / total`: the paper's rate of branch `index` of `total`, from 0.

    >>> [linear_decay(0.5, i, 4) for i in range(4)]
    [0.125, 0.25, 0.375, 0.5]
    """
    return rate * (index + 1) / total
