"""How the splits of a forest start: on a few features each, as a usual tree's do."""

import math

import keras
from keras import ops

from kreg import check


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

    def __call__(self, shape, dtype=None):
        inputs = shape[0]
        features = min(inputs, self.features or math.ceil(math.sqrt(inputs)))
        chosen = ops.argsort(self._order(shape, dtype="float32"), axis=0) < features
        values = self._values(shape, dtype=dtype) / math.sqrt(features)
        return ops.where(chosen, values, ops.zeros_like(values))

    def get_config(self):
        return {"features": self.features, "seed": self.seed}
