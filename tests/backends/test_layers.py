"""The noise layers under the backend of this process: `KERAS_BACKEND=jax` or `torch`."""

import json

import keras
import numpy as np
import pytest
from keras import ops

import kreg
from kreg import layers
from kreg.schedules import Linear

# name -> (make(rate, **kwargs), shape of one sample)
TABLE = {
    "dropout": (layers.Dropout, (6,)),
    "spatial2d": (layers.SpatialDropout2D, (5, 6, 4)),
    "gaussian": (layers.GaussianDropout, (6,)),
    "alpha": (layers.AlphaDropout, (6,)),
    "dropblock1d": (lambda rate, **k: layers.DropBlock1D(rate, 2, **k), (5, 4)),
    "dropblock2d": (lambda rate, **k: layers.DropBlock2D(rate, (2, 3), **k), (5, 6, 4)),
    "dropblock3d": (lambda rate, **k: layers.DropBlock3D(rate, 2, **k), (3, 4, 5, 4)),
    "stochastic_depth": (layers.StochasticDepth, (3, 4)),
    "dropconnect": (lambda rate, **k: layers.DropConnect(keras.layers.Dense(6), rate, **k), (6,)),
    "concrete": (layers.ConcreteDropout, (6,)),
}
ALL = pytest.mark.parametrize("name", TABLE)
SCHEDULED = pytest.mark.parametrize("name", [n for n in TABLE if n != "concrete"])


def made(entry, rate=0.4, **kwargs):
    return TABLE[entry][0](rate, **kwargs)


def batch(name, size=64):
    return np.random.default_rng(0).normal(size=(size, *TABLE[name][1])).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def without_noise(layer, x):
    inner = getattr(layer, "layer", None)
    return x if inner is None else array(inner(x))


def trained(layer, shape, epochs=1):
    keras.utils.set_random_seed(1)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(layer(inputs))))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(32, *shape)).astype("float32")
    model.fit(x, np.ones((32, 1)), batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return model, x


@ALL
def test_noise_in_training_only_reproducible_and_new_at_every_step(name):
    layer, x = made(name, seed=3), batch(name)
    still = array(layer(x))
    assert np.array_equal(still, without_noise(layer, x))
    one, two = array(layer(x, training=True)), array(layer(x, training=True))
    assert one.shape == still.shape and np.isfinite(one).all()
    assert not np.array_equal(one, still) and not np.array_equal(one, two)
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    again(x)
    again.set_weights(layer.get_weights())
    assert np.array_equal(one, array(again(x, training=True)))


@SCHEDULED
def test_a_scheduled_rate_moves_in_training(name):
    layer = made(name, Linear(0.0, 0.5, duration=10))
    model, x = trained(layer, TABLE[name][1], epochs=2)
    model.predict(x, verbose=0)
    assert int(array(layer.clock)) == 8
    assert layer.current_rate == pytest.approx(0.4)


@ALL
def test_a_loaded_model_goes_on_bit_for_bit(name, tmp_path):
    model, x = trained(made(name), TABLE[name][1])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for m in (model, loaded):
        m.fit(x, np.ones((32, 1)), batch_size=8, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_rate_is_the_one_asked_for(rate, dtype):
    """Within five standard deviations of 2e5 draws."""
    layer = layers.Dropout(rate, seed=1, dtype=dtype)
    z = array(ops.cast(layer(ops.ones((200, 1000)), training=True), "float32"))
    assert abs((z == 0).mean() - rate) <= 5 * (rate * (1 - rate) / z.size) ** 0.5
    blocks = layers.DropBlock2D(rate, (2, 3), seed=1)
    dropped = array(blocks(ops.ones((4000, 5, 7, 1)), training=True)) == 0
    fractions = dropped.reshape(4000, -1).mean(axis=1)
    assert abs(fractions.mean() - rate) <= 5 * fractions.std() / 4000**0.5


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_trains(policy):
    keras.config.set_dtype_policy(policy)
    for name in TABLE:
        model, x = trained(made(name), TABLE[name][1])
        assert np.isfinite(model.predict(x, verbose=0)).all(), name


@pytest.mark.parametrize("make", [layers.Dropout, keras.layers.Dropout])
def test_monte_carlo_has_the_closed_form_moves_no_state_and_repeats(make):
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((5,)), make(0.2), dense])
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    before = [array(v) for v in model.variables]
    keras.utils.set_random_seed(0)  # under PyTorch, Keras's Dropout draws from the global generator
    result = kreg.mc_predict(model, x, samples=2000, verbose=0)
    std = np.sqrt(0.25 * ((x * array(dense.kernel)[:, 0]) ** 2).sum(axis=1))
    np.testing.assert_allclose(result.std[:, 0], std, rtol=0.12)
    assert all(np.array_equal(a, array(b)) for a, b in zip(before, model.variables, strict=True))
    keras.utils.set_random_seed(0)
    again = kreg.mc_predict(model, x, samples=2000, verbose=0)
    assert np.array_equal(result.mean, again.mean)


def test_monte_carlo_switches_on_recurrent_and_attention_noise():
    inputs = keras.Input((4, 3))
    x = keras.layers.MultiHeadAttention(1, 2, dropout=0.4)(inputs, inputs)
    model = keras.Model(inputs, keras.layers.LSTM(2, dropout=0.4)(x))
    assert (kreg.mc_predict(model, np.ones((2, 4, 3)), samples=5, verbose=0).std > 0).any()
