"""A forest that gradient descent can grow and a penalty can prune."""

import keras

from kreg import check
from kreg.models import ends
from kreg.models.noise import Noise
from kreg.models.options import COUNT
from kreg.models.size import scaled
from kreg.models.trees import SoftTrees


def forest(
    input_shape,
    outputs: int,
    task: str,
    *,
    depth: int = 5,
    trees: int = 64,
    temperature: float = 0.2,
    scale: float = 1.0,
    dropout=0.0,
    rescale: float | None = None,
) -> keras.Model:
    """`SoftTrees / sqrt(trees)`, then a head with one value per leaf and output: a soft forest.

    Splits start as those of a random forest, few features and thresholds among the (standardised)
    rows, and are trained with the leaves. A penalty on the splits makes them read fewer features;
    one on the head prunes leaves. The noise stands on the leaves.

    Args:
        input_shape: Shape of one example; images are flattened.
        outputs: Whole number >= 1: classes, 1 for a binary task, or regression targets.
        task: `"classification"`, `"binary"` or `"regression"`.
        depth: Whole number from 1 to 12 of splits on a path. Defaults to `5`.
        trees: Whole number >= 1. Defaults to `64`.
        temperature: Number > 0: how soft the splits are, in standard deviations of their input.
            Defaults to `0.2`.
        scale: Number from 0.25 to 4 that multiplies `trees`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`. Defaults to `0`.
        rescale: Factor on the inputs, `1 / 255` for byte images. Defaults to `None`.

    >>> forest((4,), 3, "classification", depth=2, trees=5).output_shape
    (None, 3)
    """
    check.integer("trees", trees, **COUNT)
    inputs, x = ends.flat(input_shape, rescale)
    trees = scaled(trees, scale)
    x = SoftTrees(trees, depth, temperature, name="trees")(x)
    # a step of Adam moves every leaf alike: the sum over the trees would move `trees` times as far
    x = keras.layers.Rescaling(trees**-0.5, name="share")(x)
    x = Noise(dropout, dense=1).dense(x)
    return keras.Model(inputs, ends.head(x, outputs, task), name="forest")
