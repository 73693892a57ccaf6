"""A held rate changes without a retrace, and is configuration all the same.

XLA computes a little differently with a constant; without it the two are the same to the bit.
"""

import keras
import numpy as np
import pytest

from kreg import layers
from kreg.schedules import Linear
from tests.unit.layers.test_contract import LEARNED, TABLE, batch, made

NAMES = [name for name in TABLE if name not in LEARNED]
RATES = (0.3, 0.07)
Y = np.ones((8, 1), "float32")


class Counting(keras.Model):
    """Counts the traces of its training step."""

    traces = 0

    def train_step(self, data):
        Counting.traces += 1
        return super().train_step(data)


def build(rate, jit=False, hold=True):
    """All kinds of noise side by side, each on inputs of its own."""
    keras.utils.set_random_seed(1)
    noise = {name: made(name, rate, name=f"noise_{name}") for name in NAMES}
    inputs = {name: keras.Input(TABLE[name][1], name=name) for name in NAMES}
    dense = [keras.layers.Dense(2)(keras.layers.Flatten()(noise[n](inputs[n]))) for n in NAMES]
    model = Counting(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(dense)))
    model.compile("sgd", "mse", jit_compile=jit)
    for layer in noise.values() if hold else ():
        layer.hold_rate()
    return model, list(noise.values())


def steps(model):
    x = {name: batch(name) for name in NAMES}
    losses = [float(model.train_on_batch(x, Y)) for _ in range(2)]
    return losses, [np.array(v) for v in model.variables]


@pytest.mark.parametrize(
    "jit", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["graph", "xla"]
)
def test_a_held_rate_changes_without_a_retrace(jit):
    apart = [steps(build(rate, jit)[0]) for rate in RATES]
    model, noise = build(RATES[0], jit)
    start = [np.array(v) for v in model.variables]
    Counting.traces = 0
    for rate, (losses, values) in zip(RATES, apart, strict=True):
        for variable, value in zip(model.variables, start, strict=True):
            variable.assign(value)
        for layer in noise:
            layer.rate = rate
        own_losses, own_values = steps(model)
        assert own_losses == losses
        assert all(map(np.array_equal, own_values, values))
    assert Counting.traces == 1
    assert apart[0][0] != apart[1][0]


def test_a_held_rate_makes_the_noise_of_the_constant():
    held, constant = (steps(build(RATES[0], hold=hold)[0]) for hold in (True, False))
    assert held[0] == constant[0]
    assert all(map(np.array_equal, held[1], constant[1]))


def test_a_held_rate_is_configuration_and_no_weight(tmp_path):
    inputs = keras.Input((6, 6, 2))
    layer = layers.DropBlock2D(0.3, 2, name="noise")
    model = keras.Model(inputs, layer(inputs))
    before = len(model.variables)
    layer.hold_rate()
    layer.rate = 0.1
    assert len(model.variables) == before
    assert layer.get_config()["rate"] == layer.current_rate == 0.1
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").get_layer("noise")
    assert loaded.rate == 0.1 and loaded.held is None


def test_what_is_no_constant_is_not_held():
    inputs = keras.Input((6,))
    for layer in (
        layers.Dropout(Linear(0.0, 0.5, duration=3)),
        layers.Dropout(0.0),
        layers.ConcreteDropout(0.3),
    ):
        layer(inputs)
        layer.hold_rate()
        assert layer.held is None


def test_the_number_that_a_layer_has_is_set_again_where_a_step_was_given_another():
    """Keras leaves out an assignment of the object that an attribute has already."""
    layer = layers.Dropout(0.4)
    layer(keras.Input((6,)))
    layer.hold_rate()
    layer.held.assign(0.1, 1 / 0.9)
    layer.set_rate(layer.rate)
    assert np.asarray(layer.held.variable) == pytest.approx([0.4, 1 / 0.6])


def test_a_held_rate_of_zero_changes_nothing():
    layer, x = layers.Dropout(0.4), batch("dropout")
    layer(keras.Input(TABLE["dropout"][1]))
    layer.hold_rate()
    layer.rate = 0.0
    assert np.array_equal(np.asarray(layer(x, training=True)), np.asarray(x))


def test_blocks_are_held_for_maps_of_one_size():
    anything = layers.DropBlock1D(0.3, 2)
    anything(keras.Input((None, 2)))
    anything.hold_rate()
    assert not anything.is_held
    layer = layers.DropBlock1D(0.3, 2)
    layer(keras.Input((6, 2)))
    layer.hold_rate()
    with pytest.raises(ValueError, match="a layer of its own"):
        layer(np.ones((1, 7, 2), "float32"), training=True)
