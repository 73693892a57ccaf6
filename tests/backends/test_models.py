"""The soft forest under the backend of this process: `KERAS_BACKEND=jax` or `torch`."""

import keras
import numpy as np
from keras import ops

from kreg import models


def leaf_probabilities(x, kernel, bias, depth, temperature):
    """Leaf by leaf, in NumPy: the products along the paths of one tree."""
    right = 1 / (1 + np.exp(-(x @ kernel + bias) / temperature))
    leaves = []
    for leaf in range(2**depth):
        node, path = 0, np.ones(len(x))
        for level in reversed(range(depth)):
            turn = leaf >> level & 1
            path = path * (right[:, node] if turn else 1 - right[:, node])
            node = 2 * node + 1 + turn
        leaves.append(path)
    return np.stack(leaves, axis=1)


def test_leaf_probabilities_are_the_products_along_the_paths():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    layer = models.SoftTrees(trees=2, depth=3, temperature=0.5)
    found = ops.convert_to_numpy(layer(x)).reshape(30, 2, 8)
    kernels = np.split(ops.convert_to_numpy(layer.kernel), 2, axis=1)
    biases = np.split(ops.convert_to_numpy(layer.bias), 2)
    for tree in range(2):
        expected = leaf_probabilities(x, kernels[tree], biases[tree], 3, 0.5)
        np.testing.assert_allclose(found[:, tree], expected, atol=1e-5)


def test_a_forest_learns_saves_and_loads(tmp_path):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(-1, 1, size=(400, 2)).astype("float32")
    y = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).astype("int32")
    model = models.forest((2,), 1, "binary", depth=2, trees=4)
    model.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=25, batch_size=40, verbose=0)
    answers = model.predict(x, verbose=0)
    assert np.mean((answers[:, 0] > 0) == y) > 0.95
    model.save(tmp_path / "forest.keras")
    loaded = keras.models.load_model(tmp_path / "forest.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), answers, rtol=1e-6)
