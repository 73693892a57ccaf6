"""One table of all noise layers, and what each of them must keep."""

import json
import math

import keras
import numpy as np
import pytest
from keras import ops

from kreg import layers
from kreg.schedules import Linear

# name -> (make(rate, **kwargs), shape of one sample)
TABLE = {
    "dropout": (layers.Dropout, (6,)),
    "noise_shape": (
        lambda rate, **k: layers.Dropout(rate, noise_shape=(None, 1, None), **k),
        (3, 4),
    ),
    "spatial1d": (layers.SpatialDropout1D, (5, 4)),
    "spatial2d": (layers.SpatialDropout2D, (5, 6, 4)),
    "spatial3d": (layers.SpatialDropout3D, (3, 4, 5, 4)),
    "gaussian": (layers.GaussianDropout, (6,)),
    "alpha": (layers.AlphaDropout, (6,)),
    "dropblock1d": (lambda rate, **k: layers.DropBlock1D(rate, 2, **k), (5, 4)),
    "dropblock2d": (lambda rate, **k: layers.DropBlock2D(rate, (2, 3), **k), (5, 6, 4)),
    "dropblock3d": (lambda rate, **k: layers.DropBlock3D(rate, 2, **k), (3, 4, 5, 4)),
    "stochastic_depth": (layers.StochasticDepth, (3, 4)),
    "dropconnect": (lambda rate, **k: layers.DropConnect(keras.layers.Dense(6), rate, **k), (6,)),
    "dropconnect_conv": (
        lambda rate, **k: layers.DropConnect(keras.layers.Conv2D(4, 3), rate, **k),
        (5, 6, 4),
    ),
    "concrete": (layers.ConcreteDropout, (6,)),
    "concrete_wrapped": (
        lambda rate, **k: layers.ConcreteDropout(rate, keras.layers.Dense(6), **k),
        (6,),
    ),
}
LEARNED = {"concrete", "concrete_wrapped"}
ALL = pytest.mark.parametrize("name", TABLE)
SCHEDULED = pytest.mark.parametrize("name", [n for n in TABLE if n not in LEARNED])


def made(entry, rate=0.4, **kwargs):
    return TABLE[entry][0](rate, **kwargs)


def batch(name, size=8):
    x = np.random.default_rng(0).normal(size=(size, *TABLE[name][1])).astype("float32")
    return ops.convert_to_tensor(x)


def without_noise(layer, x):
    inner = getattr(layer, "layer", None)
    return np.asarray(x if inner is None else inner(x))


@ALL
def test_config_round_trips_through_json(name):
    layer = made(name, seed=3)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(again.get_config())) == json.loads(json.dumps(layer.get_config()))


@SCHEDULED
def test_a_schedule_survives_the_config(name):
    layer = made(name, Linear(0.1, 0.3, duration=7))
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    assert again.rate == Linear(0.1, 0.3, duration=7)


@ALL
def test_inference_is_the_identity_to_the_bit(name):
    layer, x = made(name), batch(name)
    layer(x, training=True)
    for outputs in (layer(x), layer(x, training=False), layer(x, training=None)):
        assert np.array_equal(np.asarray(outputs), without_noise(layer, x))


@ALL
def test_training_changes_the_input_and_keeps_shape_and_type(name):
    layer, x = made(name), batch(name)
    outputs = layer(x, training=True)
    assert outputs.shape == layer.compute_output_shape(x.shape)
    assert outputs.dtype == x.dtype
    assert not np.array_equal(np.asarray(outputs), without_noise(layer, x))
    assert np.isfinite(np.asarray(outputs)).all()


@SCHEDULED
def test_rate_zero_is_the_identity_in_training_too(name):
    layer, x = made(name, 0.0), batch(name)
    assert np.array_equal(np.asarray(layer(x, training=True)), without_noise(layer, x))
    schedule = made(name, Linear(0.0, 0.5, duration=10))
    np.testing.assert_allclose(
        np.asarray(schedule(x, training=True)), without_noise(schedule, x), rtol=1e-5, atol=1e-6
    )


@ALL
def test_same_seed_same_noise_and_the_next_step_another(name):
    x = batch(name, 64)
    first = made(name, seed=7)
    first(x)
    second = type(first).from_config(first.get_config())
    second(x)
    second.set_weights(first.get_weights())
    one, two = np.asarray(first(x, training=True)), np.asarray(first(x, training=True))
    assert np.array_equal(one, np.asarray(second(x, training=True)))
    assert not np.array_equal(one, two)
    assert np.array_equal(two, np.asarray(second(x, training=True)))


@SCHEDULED
def test_the_generator_exists_at_every_rate_under_a_stable_name(name):
    for rate in (0.0, 0.4):
        layer = made(name, rate, name="here")
        states = [v for v in layer.variables if v.name == "seed_generator_state"]
        assert [v.path for v in states] == ["here_noise/seed_generator_state"]
    layer = made(name, 0.0)
    layer.rate = 0.4
    x = batch(name)
    assert not np.array_equal(np.asarray(layer(x, training=True)), without_noise(layer, x))


@ALL
def test_an_impossible_rate_is_told_in_a_sentence(name):
    for rate in (-0.1, 1.0, 1.5, math.nan, math.inf, "0.5", True, None, [0.5]):
        with pytest.raises(ValueError, match="`rate`. Expected a float value between 0 and 1"):
            made(name, rate)


@SCHEDULED
def test_a_schedule_that_leaves_the_range_is_refused(name):
    with pytest.raises(ValueError, match="`rate`"):
        made(name, Linear(0.5, 1.0, duration=3))
    with pytest.raises(ValueError, match="steps_per_epoch"):
        made(name, Linear(0.1, 0.5, duration=3, unit="epoch"))


@ALL
def test_an_impossible_seed_is_refused(name):
    for seed in (-1, 2**31, 0.5, "a", True):
        with pytest.raises(ValueError, match="`seed`"):
            made(name, seed=seed)


@ALL
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_kept_and_serialized(name, policy):
    keras.config.set_dtype_policy(policy)
    layer, x = made(name), batch(name)
    outputs = layer(x, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    assert layer.compute_dtype == policy.removeprefix("mixed_")
    keras.config.set_dtype_policy("float32")
    again = type(layer).from_config(layer.get_config())
    assert again.dtype_policy.name == policy
    assert all(keras.backend.standardize_dtype(loss.dtype) == "float32" for loss in layer.losses)


@ALL
def test_noise_state_is_saved_and_goes_on(name, tmp_path):
    inputs = keras.Input(TABLE[name][1])
    model = keras.Model(inputs, made(name)(inputs))
    x = batch(name)
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for _ in range(2):
        assert np.array_equal(
            np.asarray(model(x, training=True)), np.asarray(loaded(x, training=True))
        )


@ALL
def test_gradients_are_finite_and_zero_where_dropped(name):
    import tensorflow as tf

    layer, x = made(name), tf.Variable(batch(name))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x.value(), training=True))
    gradient = tape.gradient(loss, x)
    assert np.isfinite(gradient.numpy()).all()


def test_scheduled_rates_move_in_the_compiled_step_without_a_retrace():
    """All layers in one model, side by side: one step is traced, once."""
    traces = []

    class Counting(keras.Model):
        def train_step(self, *args, **kwargs):
            traces.append(1)
            return super().train_step(*args, **kwargs)

    names = [name for name in TABLE if name not in LEARNED]
    noise = {n: made(n, Linear(0.0, 0.5, duration=10), name=f"noise_{n}") for n in names}
    inputs = {name: keras.Input(TABLE[name][1], name=name) for name in names}
    flat = [keras.layers.Flatten()(noise[name](inputs[name])) for name in names]
    model = Counting(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(flat)))
    model.compile("sgd", "mse")
    x, y = {name: batch(name) for name in names}, np.zeros((8, 1))
    model.fit(x, y, epochs=3, batch_size=4, verbose=0)
    assert len(traces) == 1
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    for name, layer in noise.items():
        assert int(layer.clock.numpy()) == 6, f"{name}: only training moves the clock"
        assert layer.current_rate == pytest.approx(0.3)


def test_two_layers_with_one_seed_draw_the_same_numbers_as_documented():
    x = ops.ones((50, 50))
    one, two = layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=1)
    assert np.array_equal(np.asarray(one(x, training=True)), np.asarray(two(x, training=True)))


def test_a_constant_layer_cannot_be_given_a_schedule_later():
    layer = layers.Dropout(0.1)
    with pytest.raises(ValueError, match="Make a new layer with the schedule"):
        layer.rate = Linear(0.0, 0.5, duration=3)
    with pytest.raises(ValueError, match="`rate`"):
        layer.rate = 1.5


def test_weights_of_a_plain_keras_layer_can_be_loaded(tmp_path):
    def model(dropout):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), dropout])

    plain = model(keras.layers.Dropout(0.5))
    plain.save_weights(tmp_path / "plain.weights.h5")
    ours = model(layers.Dropout(0.5))
    ours.load_weights(tmp_path / "plain.weights.h5")
    assert all(
        np.array_equal(a, b) for a, b in zip(plain.get_weights(), ours.get_weights(), strict=True)
    )


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: layers.SpatialDropout2D(0.5), (2, 3, 4)),
        (lambda: layers.DropBlock1D(0.5), (2, 3)),
        (lambda: layers.SpatialDropout1D(0.5), (2, 3, 4, 5)),
    ],
)
def test_an_input_of_the_wrong_rank_is_refused(make, shape):
    with pytest.raises(ValueError, match="expected ndim"):
        make()(ops.ones(shape), training=True)
