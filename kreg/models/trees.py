"""Differentiable decision trees: splits that lean left and right instead of choosing."""

import keras
from keras import ops

from kreg import check
from kreg.models.options import COUNT, TEMPERATURE, TREE_DEPTH
from kreg.models.splits import SparseNormal


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
        kernel_initializer=None,
        bias_initializer=None,
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.trees = check.integer("trees", trees, **COUNT)
        self.depth = check.integer("depth", depth, **TREE_DEPTH)
        self.temperature = check.number("temperature", temperature, **TEMPERATURE)
        self.kernel_initializer = keras.initializers.get(kernel_initializer or SparseNormal())
        spread = keras.initializers.RandomNormal(stddev=1.0)
        self.bias_initializer = keras.initializers.get(bias_initializer or spread)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        nodes = self.trees * (2**self.depth - 1)
        self.kernel = self.add_weight(
            shape=(input_shape[-1], nodes),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(nodes,), initializer=self.bias_initializer, name="bias")

    def call(self, inputs):
        right = ops.sigmoid((ops.matmul(inputs, self.kernel) + self.bias) / self.temperature)
        right = ops.reshape(right, (-1, self.trees, 2**self.depth - 1))
        paths = ops.ones_like(right[..., :1])
        for level in range(self.depth):
            first = 2**level - 1
            onward = paths * right[..., first : first + 2**level]
            paths = ops.stack([paths - onward, onward], axis=-1)
            paths = ops.reshape(paths, (-1, self.trees, 2 ** (level + 1)))
        return ops.reshape(paths, (-1, self.trees * 2**self.depth))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.trees * 2**self.depth)

    def get_config(self):
        return {
            **super().get_config(),
            "trees": self.trees,
            "depth": self.depth,
            "temperature": self.temperature,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
