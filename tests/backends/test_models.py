"""The soft forest and TabM under the backend of this process: `KERAS_BACKEND=jax` or `torch`."""

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


def test_members_are_trained_on_their_own_losses():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(-1, 1, size=(40, 2)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("int32")
    model = models.tabm((2,), 2, "classification", members=3, width=8, bins=4, rows=x)
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    members = ops.convert_to_numpy(keras.Model(model.input, model.get_layer("head").output)(x))
    by_hand = np.mean([float(plain(y, members[:, k])) for k in range(3)])
    model.compile(keras.optimizers.Adam(0.05), models.members_loss(plain))
    judged = model.evaluate(x, y, verbose=0)
    losses = model.fit(x, y, epochs=20, batch_size=40, verbose=0).history["loss"]
    np.testing.assert_allclose(losses[0], by_hand, rtol=1e-5)
    np.testing.assert_allclose(judged, float(plain(y, of_mean(members))), rtol=1e-5)
    assert losses[-1] < 0.5 * losses[0]


def of_mean(members):
    """The logarithm of the mean of the members' probabilities."""
    chances = np.exp(members) / np.exp(members).sum(-1, keepdims=True)
    return np.log(chances.mean(axis=1))
