"""A small transformer for tables."""

import keras

from kreg import check
from kreg.models import ends
from kreg.models.noise import Noise
from kreg.models.options import COUNT
from kreg.models.size import scaled
from kreg.models.tokens import FeatureTokens


def transformer(
    input_shape,
    outputs: int,
    task: str,
    *,
    depth: int = 2,
    width: int = 32,
    heads: int = 4,
    scale: float = 1.0,
    dropout=0.0,
    rescale: float | None = None,
) -> keras.Model:
    """One token per feature; `depth` blocks of attention and a dense layer; head on one token.

    Normalisation comes first in each branch. Source: Gorishniy et al., Revisiting deep learning
    models for tabular data, 2021.

    Args:
        input_shape: `(features,)`.
        outputs: Whole number >= 1: classes, 1 for a binary task, or regression targets.
        task: `"classification"`, `"binary"` or `"regression"`.
        depth: Whole number >= 1 of blocks. Defaults to `2`.
        width: Whole number >= 1: the length of a token, rounded up to a multiple of `heads`.
            Defaults to `32`.
        heads: Whole number >= 1 of attention heads. Defaults to `4`.
        scale: Number from 0.25 to 4 that multiplies `width`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`, asked inside each block's
            dense branch, at the end of both branches and before the head. Defaults to `0`.
        rescale: Factor on the inputs. Defaults to `None`.

    Raises:
        ValueError: If the inputs are not rows of a table.

    >>> transformer((6,), 1, "regression", depth=1, width=8).output_shape
    (None, 1)
    """
    depth = check.integer("depth", depth, **COUNT)
    heads = check.integer("heads", heads, **COUNT)
    width = scaled(width, scale, multiple=heads)
    noise = Noise(dropout, dense=depth + 1, residual=2 * depth)
    inputs, x = ends.features("transformer", input_shape, rescale)
    x = FeatureTokens(width, name="tokens")(x)
    for index in range(1, depth + 1):
        x = attention(x, f"block_{index}_attention", width, heads, noise)
        x = feed_forward(x, f"block_{index}_dense", width, noise)
    x = keras.layers.LayerNormalization(name="last_norm")(x[:, 0])
    x = noise.dense(keras.layers.ReLU(name="last_relu")(x))
    return keras.Model(inputs, ends.head(x, outputs, task), name="transformer")


def attention(x, name: str, width: int, heads: int, noise: Noise):
    """`x + attention(norm(x))`."""
    y = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
    y = keras.layers.MultiHeadAttention(heads, width // heads, name=name)(y, y)
    return keras.layers.Add(name=f"{name}_add")([x, noise.residual(y)])


def feed_forward(x, name: str, width: int, noise: Noise):
    """`x + project(noise(gelu(expand(norm(x)))))`, expanding to twice the width."""
    y = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
    y = noise.dense(keras.layers.Dense(2 * width, activation="gelu", name=f"{name}_1")(y))
    y = keras.layers.Dense(width, name=f"{name}_2")(y)
    return keras.layers.Add(name=f"{name}_add")([x, noise.residual(y)])
