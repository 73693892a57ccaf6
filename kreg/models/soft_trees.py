"""A forest that gradient descent can grow and a penalty can prune: its start, its layer, the model.

Soft decision trees are differentiable: their splits lean left and right instead of choosing.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.models import inputs_and_head
from kreg.models.inputs_and_head import Rescale
from kreg.models.noise_places import DropoutDial, NoisePlaces
from kreg.models.options import COUNT, TEMPERATURE, TREE_DEPTH
from kreg.models.size import scaled


def forest(
    input_shape: Sequence[int],
    outputs: int,
    task: str,
    *,
    depth: int = 5,
    trees: int = 64,
    temperature: float = 0.2,
    scale: float = 1.0,
    dropout: DropoutDial = 0.0,
    rescale: Rescale | None = None,
) -> keras.Model:
    """`SoftTrees / sqrt(trees)`, then a head with one value per leaf and output: a soft forest.

    Splits start as those of a random forest, few features and thresholds among the (standardised)
    rows, and are trained with the leaves. A penalty on the splits makes them read fewer features;
    one on the head prunes leaves. The noise stands on the leaves.

    Args:
        input_shape: Shape of one example; images are flattened.
        outputs: Whole number >= 1: classes, 1 for a binary task, labels or regression targets.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        depth: Whole number from 1 to 12 of splits on a path. Defaults to `5`.
        trees: Whole number >= 1. Defaults to `64`.
        temperature: Number > 0: how soft the splits are, in standard deviations of their input.
            Defaults to `0.2`.
        scale: Number from 0.25 to 4 that multiplies `trees`. Defaults to `1`.
        dropout: Rate in [0, 1), or a factory over `kreg.layers.Place`. Defaults to `0`.
        rescale: Factor on the inputs, `1 / 255` for byte images, or `(scale, offset)`, of numbers
            or arrays. Defaults to `None`.

    >>> forest((4,), 3, "classification", depth=2, trees=5).output_shape
    (None, 3)
    """
    check.integer("trees", trees, **COUNT)
    inputs, x = inputs_and_head.flat(input_shape, rescale)
    trees = scaled(trees, scale)
    x = SoftTrees(trees, depth, temperature, name="trees")(x)
    # a step of Adam moves every leaf alike: the sum over the trees would move `trees` times as far
    x = keras.layers.Rescaling(trees**-0.5, name="share")(x)
    x = NoisePlaces(dropout, dense=1).dense(x)
    return keras.Model(inputs, inputs_and_head.head(x, outputs, task), name="forest")


@keras.saving.register_keras_serializable(package="kreg")
class SoftTrees(keras.layers.Layer):
    """The probability of every leaf of `trees` soft decision trees of one depth.

    `p_right(node) = sigmoid((x . kernel[:, node] + bias[node]) / temperature)`, and the
    probability of a leaf is the product along its path, so those of a tree sum to one. A `Dense`
    layer on top holds one value per leaf: its output is the sum of all trees' mean leaf values. As
    the temperature falls to zero each row reaches exactly one leaf of each tree, as in a hard
    decision tree with oblique splits. Nodes are numbered level by level, from left to right.

    Sources: Suarez & Lutsko, 1999; Kontschieder et al., Deep neural decision forests, 2015.

    Args:
        trees: Whole number >= 1.
        depth: Whole number from 1 to 12 of splits on each path: `2**depth` leaves a tree.
        temperature: Number > 0; small is hard. Defaults to `1`.
        kernel_initializer: Defaults to `None`: `kreg.models.SparseNormal()`, so that a split starts
            on few features and answers on standardised inputs with variance one.
        bias_initializer: Defaults to `None`: `keras.initializers.RandomNormal(stddev=1)`, so that
            the thresholds of standardised inputs start where the rows are. With `"zeros"` all
            hyperplanes start in the origin.
        kernel_regularizer: A regularizer of the splits, as in `keras.layers.Dense`.

    Input shape `(batch, features)`, output shape `(batch, trees * 2**depth)`.

    >>> layer = SoftTrees(trees=3, depth=2)
    >>> layer(keras.ops.ones((5, 4))).shape
    TensorShape([5, 12])
    """

    def __init__(
        self,
        trees: int,
        depth: int,
        temperature: float = 1.0,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.trees = check.integer("trees", trees, **COUNT)
        self.depth = check.integer("depth", depth, **TREE_DEPTH)
        self.temperature = check.number("temperature", temperature, **TEMPERATURE)
        self.kernel_initializer = keras.initializers.get(kernel_initializer or SparseNormal())
        spread = keras.initializers.RandomNormal(stddev=1.0)
        self.bias_initializer = keras.initializers.get(bias_initializer or spread)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        nodes = self.trees * (2**self.depth - 1)
        self.kernel = self.add_weight(
            shape=(input_shape[-1], nodes),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(nodes,), initializer=self.bias_initializer, name="bias")

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return leaves(ops.matmul(inputs, self.kernel) + self.bias, self.depth, self.temperature)

    def plain_keras(self) -> keras.Model:
        """The same of a `Dense` and operations of Keras alone: what `strip` puts in its place."""
        features, nodes = self.kernel.shape
        inputs = keras.Input((features,), dtype=self.compute_dtype, name="row")
        splits = keras.layers.Dense(nodes, dtype=self.dtype_policy, name="splits")(inputs)
        return keras.Model(inputs, leaves(splits, self.depth, self.temperature), name=self.name)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.trees * 2**self.depth)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "trees": self.trees,
            "depth": self.depth,
            "temperature": self.temperature,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def leaves(splits: keras.KerasTensor, depth: int, temperature: float) -> keras.KerasTensor:
    """The probability of every leaf, `(batch, trees * 2**depth)`, of `(batch, nodes)` splits."""
    right = ops.sigmoid(splits / temperature)
    right = ops.reshape(right, (-1, splits.shape[-1] // (2**depth - 1), 2**depth - 1))
    paths = ops.ones_like(right[..., :1])
    for level in range(depth):
        first = 2**level - 1
        onward = paths * right[..., first : first + 2**level]
        paths = ops.stack([paths - onward, onward], axis=-1)
        paths = ops.reshape(paths, (-1, right.shape[1], 2 ** (level + 1)))
    return ops.reshape(paths, (-1, right.shape[1] * 2**depth))


@keras.saving.register_keras_serializable(package="kreg")
class SparseNormal(keras.initializers.Initializer):
    """`N(0, 1 / features)` in `features` random rows of each column, zero in the others.

    On standardised inputs each column's projection has variance one, whatever their number. It is
    a start and no mask: training may give a split every feature, and an L1 penalty take it away.
    Sources: Breiman, Random forests, 2001 (the number of features); Popov, Morozov & Babenko,
    Neural oblivious decision ensembles, 2019 (splits that start where the data are).

    Args:
        features: Whole number >= 1, more than the inputs for all. Defaults to `None`: the square
            root of the number of inputs, rounded up.
        seed: Whole number or `None`, as in `keras.initializers.RandomNormal`.

    >>> kernel = keras.ops.convert_to_numpy(SparseNormal()((9, 50)))
    >>> sorted(set((kernel != 0).sum(axis=0).tolist()))
    [3]
    """

    def __init__(self, features: int | None = None, seed: int | None = None):
        self.features = features if features is None else check.integer("features", features, low=1)
        self.seed = seed
        self._values = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
        # a seed of its own: with the same one, which rows are chosen would follow from the values
        self._order = keras.initializers.RandomUniform(
            0, 1, seed=None if seed is None else seed + 1
        )

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> keras.KerasTensor:
        inputs = shape[0]
        features = min(inputs, self.features or math.ceil(math.sqrt(inputs)))
        chosen = ops.argsort(self._order(shape, dtype="float32"), axis=0) < features
        values = self._values(shape, dtype=dtype) / math.sqrt(features)
        return ops.where(chosen, values, ops.zeros_like(values))

    def get_config(self) -> dict[str, Any]:
        return {"features": self.features, "seed": self.seed}
