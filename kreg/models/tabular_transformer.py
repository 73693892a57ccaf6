"""A small transformer for tables: the columns as tokens, then blocks of attention."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT
from kreg.models.size import scaled


def transformer(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 2,
    width: int = 32,
    heads: int = 4,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
) -> keras.Model:
    """One token per feature; `depth` blocks of attention and a dense layer; head on one token.

    Normalisation comes first in each branch. Source: Gorishniy et al., Revisiting deep learning
    models for tabular data, 2021.

    Args:
        input_shape: `(features,)`.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        depth: Whole number >= 1 of blocks. Defaults to `2`.
        width: Whole number >= 1: the length of a token, rounded up to a multiple of `heads`.
            Defaults to `32`.
        heads: Whole number >= 1 of attention heads. Defaults to `4`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked inside each block's
            dense branch, at the end of both branches and before the head. Defaults to `0`.
        rescale: Factor on the inputs, or `(scale, offset)`. Defaults to `None`.

    Raises:
        ValueError: If the inputs are not rows of a table.

    >>> transformer((6,), 1, "regression", depth=1, width=8).output_shape
    (None, 1)
    """
    depth = check.integer("depth", depth, **COUNT)
    heads = check.integer("heads", heads, **COUNT)
    width = scaled(width, scale, multiple=heads)
    noise = NoisePlaces(dropout, dense=depth + 1, residual=2 * depth)
    inputs, x = inputs_and_head.features("transformer", input_shape, rescale)
    x = FeatureTokens(width, name="tokens")(x)
    for index in range(1, depth + 1):
        x = attention(x, f"block_{index}_attention", width, heads, noise)
        x = feed_forward(x, f"block_{index}_dense", width, noise)
    x = keras.layers.LayerNormalization(name="last_norm")(x[:, 0])
    x = noise.dense(keras.layers.ReLU(name="last_relu")(x))
    return keras.Model(inputs, inputs_and_head.head(x, outputs, task), name="transformer")


def attention(
    x: keras.KerasTensor, name: str, width: int, heads: int, noise: NoisePlaces
) -> keras.KerasTensor:
    """`x + attention(norm(x))`."""
    y = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
    y = keras.layers.MultiHeadAttention(heads, width // heads, name=name)(y, y)
    return keras.layers.Add(name=f"{name}_add")([x, noise.residual(y)])


def feed_forward(
    x: keras.KerasTensor, name: str, width: int, noise: NoisePlaces
) -> keras.KerasTensor:
    """`x + project(noise(gelu(expand(norm(x)))))`, expanding to twice the width."""
    y = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
    y = noise.dense(keras.layers.Dense(2 * width, activation="gelu", name=f"{name}_1")(y))
    y = keras.layers.Dense(width, name=f"{name}_2")(y)
    return keras.layers.Add(name=f"{name}_add")([x, noise.residual(y)])


@keras.saving.register_keras_serializable(package="kreg")
class FeatureTokens(keras.layers.Layer):
    """`token_j = x_j * kernel_j + bias_j`, after one learned token that gathers the answer.

    Source: Gorishniy et al., Revisiting deep learning models for tabular data, 2021.

    Args:
        width: Whole number >= 1: the length of a token.
        kernel_regularizer: A regularizer of the tokens' directions.

    Input shape `(batch, features)`, output shape `(batch, 1 + features, width)`.

    >>> FeatureTokens(8)(keras.ops.ones((2, 3))).shape
    TensorShape([2, 4, 8])
    """

    def __init__(self, width: int, kernel_regularizer: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = check.integer("width", width, low=1)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        # uniform in 1/sqrt(width), as in the paper: tokens of unit length whatever their number
        bound = self.width**-0.5
        uniform = keras.initializers.RandomUniform
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.width),
            initializer=uniform(-bound, bound),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(1 + input_shape[-1], self.width), initializer=uniform(-bound, bound), name="bias"
        )

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        columns = ops.expand_dims(inputs, -1) * self.kernel
        answer = ops.zeros_like(columns[:, :1])
        return ops.concatenate([answer, columns], axis=1) + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, int]) -> tuple[int | None, ...]:
        return (input_shape[0], 1 + input_shape[-1], self.width)

    def get_config(self) -> dict[str, Any]:
        regularizer = keras.regularizers.serialize(self.kernel_regularizer)
        return {**super().get_config(), "width": self.width, "kernel_regularizer": regularizer}
