"""The mathematics of soft trees."""

import keras
import numpy as np
import pytest

from kreg import models
from kreg.models import FeatureTokens, SoftTrees, SparseNormal


def layer_and_rows(temperature=1.0, trees=3, depth=3, rows=20):
    keras.utils.set_random_seed(1)
    layer = SoftTrees(trees, depth, temperature)
    x = np.random.default_rng(2).normal(size=(rows, 4)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign(np.random.default_rng(3).normal(size=layer.bias.shape))
    return layer, x


def hard_leaf(row, kernel, bias, depth):
    """The leaf that a usual decision tree with these oblique splits reaches."""
    node = 0
    for _ in range(depth):
        node = 2 * node + 1 + int(row @ kernel[:, node] + bias[node] > 0)
    return node - (2**depth - 1)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_leaf_probabilities_of_a_tree_sum_to_one(depth):
    layer, x = layer_and_rows(depth=depth)
    leaves = keras.ops.convert_to_numpy(layer(x)).reshape(len(x), 3, 2**depth)
    assert leaves.min() >= 0
    np.testing.assert_allclose(leaves.sum(-1), 1, rtol=1e-5)


def test_a_cold_tree_is_a_hard_tree():
    layer, x = layer_and_rows(temperature=1e-6)
    leaves = keras.ops.convert_to_numpy(layer(x)).reshape(len(x), 3, 8)
    kernels = np.split(keras.ops.convert_to_numpy(layer.kernel), 3, axis=1)
    biases = np.split(keras.ops.convert_to_numpy(layer.bias), 3)
    for tree in range(3):
        expected = [hard_leaf(row, kernels[tree], biases[tree], 3) for row in x]
        np.testing.assert_allclose(leaves[:, tree], np.eye(8)[expected], atol=1e-5)


def test_a_hot_tree_is_uniform():
    layer, x = layer_and_rows(temperature=1e6)
    np.testing.assert_allclose(layer(x), np.full((len(x), 24), 1 / 8), rtol=1e-4)


def test_gradient_is_that_of_finite_differences():
    import tensorflow as tf

    keras.config.set_dtype_policy("float64")
    layer, x = layer_and_rows(depth=2, rows=6)
    x = tf.constant(x, "float64")
    values = np.random.default_rng(4).normal(size=(12,))
    kernel = keras.ops.convert_to_numpy(layer.kernel)

    def objective():
        return tf.reduce_sum(tf.tanh(layer(x) * values))

    with tf.GradientTape() as tape:
        result = objective()
    exact = tape.gradient(result, layer.kernel.value).numpy()
    for place in [(0, 0), (1, 4), (3, 8)]:
        step = np.zeros_like(kernel)
        step[place] = 1e-6
        layer.kernel.assign(kernel + step)
        above = objective()
        layer.kernel.assign(kernel - step)
        below = objective()
        layer.kernel.assign(kernel)
        assert exact[place] == pytest.approx(float(above - below) / 2e-6, rel=1e-5, abs=1e-9)


def test_head_adds_one_value_per_leaf():
    model = models.forest((4,), 1, "regression", depth=2, trees=2, temperature=1e-6)
    head = model.get_layer("head")
    head.kernel.assign(np.arange(8.0).reshape(8, 1))
    answers = model.predict(np.random.default_rng(0).normal(size=(30, 4)), verbose=0)[:, 0]
    sums = [a + b for a in (0, 1, 2, 3) for b in (4, 5, 6, 7)]
    distance = np.abs(np.subtract.outer(answers * 2**0.5, sums)).min(axis=1)
    assert distance.max() < 1e-4
    assert len(set(answers.round(3))) > 3


@pytest.mark.parametrize(("inputs", "features", "read"), [(9, None, 3), (5, None, 3), (2, 4, 2)])
def test_splits_start_on_few_features_with_variance_one(inputs, features, read):
    keras.utils.set_random_seed(0)
    kernel = keras.ops.convert_to_numpy(SparseNormal(features)((inputs, 4000)))
    assert set((kernel != 0).sum(axis=0)) == {read}
    np.testing.assert_allclose((kernel != 0).mean(axis=1), read / inputs, atol=0.05)
    x = np.random.default_rng(0).normal(size=(500, inputs))
    assert (x @ kernel).var() == pytest.approx(1, abs=0.05)


def test_a_seed_makes_the_start_and_layers_without_one_differ():
    one, two = (keras.ops.convert_to_numpy(SparseNormal(seed=4)((6, 8))) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    kernels = [keras.ops.convert_to_numpy(SparseNormal()((6, 8))) for _ in range(2)]
    assert not np.array_equal(*kernels)


def test_thresholds_start_among_the_rows():
    """With every hyperplane through the origin, rows on one ray would share most leaves."""
    layer = SoftTrees(200, 3, temperature=1e-6)
    ray = np.outer([0.3, 2.0], np.ones(4)).astype("float32")
    near, far = keras.ops.convert_to_numpy(layer(ray)).reshape(2, 200, 8)
    assert np.mean(near.argmax(-1) != far.argmax(-1)) > 0.2
    centred = SoftTrees(200, 3, temperature=1e-6, bias_initializer="zeros")
    near, far = keras.ops.convert_to_numpy(centred(ray)).reshape(2, 200, 8)
    np.testing.assert_array_equal(near, far)


@pytest.mark.parametrize("trees", [4, 64])
def test_a_step_of_adam_moves_the_answer_by_the_root_of_the_number_of_trees(trees):
    model = models.forest((4,), 1, "regression", depth=3, trees=trees)
    model.get_layer("trees").trainable = False
    model.compile(keras.optimizers.Adam(0.01), "mse")
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    before = model.predict(rows, verbose=0)
    model.fit(rows, np.full(50, 100.0), batch_size=50, verbose=0)  # all leaves move upwards
    moved = model.predict(rows, verbose=0) - before
    np.testing.assert_allclose(moved, 0.01 * (trees**0.5 + 1), rtol=0.01)  # 1: the head's bias


def test_splits_take_a_penalty():
    layer = SoftTrees(2, 2, kernel_regularizer=keras.regularizers.L2(0.5))
    layer(np.ones((1, 3), "float32"))
    weights = keras.ops.convert_to_numpy(layer.kernel)
    assert float(layer.losses[0]) == pytest.approx(0.5 * np.sum(weights**2), rel=1e-5)


def test_a_single_tree_learns_an_exclusive_or():
    """A linear model cannot; a tree of depth two can."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(-1, 1, size=(400, 2)).astype("float32")
    y = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).astype("int32")
    scores = {}
    for name, model in (
        ("forest", models.forest((2,), 1, "binary", depth=2, trees=4)),
        ("linear", models.linear((2,), 1, "binary")),
    ):
        model.compile(
            keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True)
        )
        model.fit(x, y, epochs=25, batch_size=40, verbose=0)
        scores[name] = np.mean((model.predict(x, verbose=0)[:, 0] > 0) == y)
    assert scores["forest"] > 0.95
    assert scores["linear"] < 0.7


@pytest.mark.parametrize(
    "layer", [SoftTrees(2, 3, 0.5, SparseNormal(2), "zeros"), FeatureTokens(5)]
)
def test_configuration_round_trips(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0, 3), "trees"), ((2, 0), "depth"), ((2, 13), "depth"), ((2, 3, 0.0), "temperature")],
)
def test_bad_arguments_are_sentences(arguments, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        SoftTrees(*arguments)


def test_tokens_are_affine_in_each_feature():
    layer = FeatureTokens(3)
    zero, one = np.zeros((1, 2), "float32"), np.ones((1, 2), "float32")
    base = keras.ops.convert_to_numpy(layer(zero))
    difference = keras.ops.convert_to_numpy(layer(one)) - base
    np.testing.assert_allclose(difference[0, 0], 0, atol=1e-7)
    np.testing.assert_allclose(difference[0, 1:], layer.kernel, rtol=1e-5)


@pytest.mark.slow
def test_a_shallow_forest_has_the_smaller_gap():
    """The deep forest learns the 30 % of the labels that are wrong; two leaves a tree cannot."""
    x = np.random.default_rng(0).normal(size=(600, 4)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    noisy = np.where(np.random.default_rng(1).random(600) < 0.3, 1 - y, y)
    gaps = {}
    for depth in (1, 7):
        keras.utils.set_random_seed(0)
        model = models.forest((4,), 1, "binary", depth=depth, trees=16)
        model.compile(
            keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True)
        )
        model.fit(x[:200], noisy[:200], epochs=60, batch_size=100, verbose=0)
        right = (model.predict(x, verbose=0)[:, 0] > 0) == noisy
        gaps[depth] = right[:200].mean() - right[200:].mean()
    assert gaps[1] < 0.15
    assert gaps[7] > gaps[1] + 0.15
