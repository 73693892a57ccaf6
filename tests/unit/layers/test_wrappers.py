"""DropConnect and ConcreteDropout: what they do to the layer that they wrap."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from kreg import layers

WRAPPED = {
    "dense": (lambda: keras.layers.Dense(3, activation="relu", bias_initializer="ones"), (4,)),
    "dense_of_sequences": (lambda: keras.layers.Dense(3, use_bias=False), (5, 4)),
    "conv1d": (lambda: keras.layers.Conv1D(3, 2, padding="causal", dilation_rate=2), (6, 4)),
    "conv2d": (
        lambda: keras.layers.Conv2D(4, 3, strides=2, groups=2, activation="tanh"),
        (7, 8, 4),
    ),
    "conv3d": (lambda: keras.layers.Conv3D(2, 2, padding="same"), (3, 4, 3, 2)),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_drop_connect_with_a_full_mask_is_the_layer_with_scaled_kernel(name, monkeypatch):
    make, shape = WRAPPED[name]
    x = np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")
    layer = layers.DropConnect(make(), 0.2)
    inference = np.asarray(layer(x))
    assert np.array_equal(inference, np.asarray(layer.layer(x)))
    monkeypatch.setattr(layer, "uniform", lambda shape: ops.ones(shape))
    noisy = np.asarray(layer(x, training=True))
    layer.layer.kernel.assign(layer.layer.kernel / 0.8)
    np.testing.assert_allclose(noisy, np.asarray(layer.layer(x)), rtol=1e-5, atol=1e-6)


def test_drop_connect_adds_the_bias_to_the_channels_of_either_format():
    conv = keras.layers.Conv2D(2, 1, data_format="channels_first", bias_initializer="ones")
    conv.build((None, 3, 4, 5))
    shifted = layers.DropConnect(conv, 0.5)._with_bias(ops.zeros((1, 2, 4, 5)))
    assert np.array_equal(np.asarray(shifted), np.ones((1, 2, 4, 5)))


def test_drop_connect_keeps_the_penalties_of_its_layer_and_trains():
    dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))
    model = keras.Sequential([keras.Input((4,)), layers.DropConnect(dense, 0.5, seed=1)])
    assert float(sum(model.losses)) == pytest.approx(0.1 * float(ops.sum(dense.kernel**2)))
    model.compile("sgd", "mse")
    before = dense.kernel.numpy()
    model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
    assert not np.array_equal(before, dense.kernel.numpy())


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: keras.layers.ReLU(), "a Dense, Conv1D, Conv2D or Conv3D layer"),
        (lambda: "dense", "a Dense, Conv1D"),
        (lambda: keras.layers.Dense(2, activity_regularizer="l2"), "ActivityRegularization after"),
        (lambda: keras.layers.DepthwiseConv2D(2), "a Dense, Conv1D"),
    ],
)
def test_drop_connect_says_what_it_can_wrap(layer, message):
    with pytest.raises(ValueError, match=message):
        layers.DropConnect(layer(), 0.5)


@pytest.mark.parametrize("rate", [0.02, 0.5, 0.97])
def test_the_concrete_penalty_is_the_papers(rate):
    layer = layers.ConcreteDropout(rate, dropout_regularizer=0.3)
    layer(ops.ones((2, 7)))
    entropy = rate * math.log(rate) + (1 - rate) * math.log(1 - rate)
    assert float(layer.losses[0]) == pytest.approx(0.3 * 7 * entropy, rel=1e-4)
    dense = keras.layers.Dense(3)
    wrapped = layers.ConcreteDropout(rate, dense, dropout_regularizer=0, weight_regularizer=0.2)
    wrapped(ops.ones((2, 7)))
    squares = float(ops.sum(dense.kernel**2))
    assert float(wrapped.losses[0]) == pytest.approx(0.2 * squares / (1 - rate), rel=1e-4)


def learned(noise_hurts: bool, policy="float32") -> float:
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(policy)
    layer = layers.ConcreteDropout(0.2, dropout_regularizer=1e-4 if noise_hurts else 1.0, seed=1)
    model = keras.Sequential([keras.Input((8,)), layer, keras.layers.Dense(1, dtype="float32")])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    x = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model.fit(x, y, epochs=10, batch_size=32, verbose=0)
    return layer.current_rate


def test_the_concrete_rate_is_learned_both_ways():
    assert learned(noise_hurts=True) < 0.15
    assert learned(noise_hurts=False) > 0.25


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_concrete_rate_is_learned_in_half_precision(policy):
    assert 0.0 < learned(noise_hurts=True, policy=policy) < 0.2


def test_the_concrete_rate_starts_inside_the_interval():
    with pytest.raises(ValueError, match="learned from there"):
        layers.ConcreteDropout(0.0)
