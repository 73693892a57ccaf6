"""Held constants of an optimizer are the constants, bit for bit, and change without a retrace."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kreg import optimizers, schedules

NAMES = ("SGD", "Adam", "AdamW", "RMSprop", "Lion", "Muon")


def make(name, decay, momentum=0.9):
    return getattr(optimizers, name)(
        0.01, weight_decay=decay, use_ema=True, ema_momentum=momentum, name="it"
    )


def step_of(optimizer, weights):
    """A compiled step, and the list of its traces."""
    traces = []
    optimizer.build(weights)

    @tf.function
    def step():
        traces.append(1)
        optimizer.apply([keras.ops.sin(w) for w in weights], weights)

    return step, traces


def fresh():
    values = np.linspace(-1, 2, 12, dtype="float32").reshape(4, 3)
    return [keras.Variable(values, name="kernel"), keras.Variable(values[0], name="bias")]


def after(step, optimizer, weights):
    for _ in range(3):
        step()
    return [np.array(v) for v in (*weights, *optimizer.variables)]


@pytest.mark.parametrize("name", NAMES)
def test_held_numbers_change_without_a_retrace_and_are_the_constants(name):
    weights, optimizer = fresh(), make(name, 0.3)
    optimizer.hold_numbers()
    step, traces = step_of(optimizer, weights)
    start = [np.array(v) for v in (*weights, *optimizer.variables)]
    for decay, momentum in ((0.3, 0.9), (0.01, 0.5)):
        for variable, value in zip((*weights, *optimizer.variables), start, strict=True):
            variable.assign(value)
        optimizer.take_numbers(make(name, decay, momentum))
        held = after(step, optimizer, weights)
        own, other = fresh(), make(name, decay, momentum)
        apart = after(step_of(other, own)[0], other, own)
        assert all(map(np.array_equal, held, apart))
        assert optimizer.get_config() == other.get_config()
    assert len(traces) == 1


def test_setting_an_attribute_reaches_the_next_step():
    weights, optimizer = fresh(), make("Adam", 0.3)
    optimizer.hold_numbers()
    step, traces = step_of(optimizer, weights)
    step()
    optimizer.weight_decay = 0.25
    assert optimizer.numbers() == {"weight_decay": 0.25, "ema_momentum": 0.9}
    assert float(optimizer.weight_decay) == 0.25 and optimizer.get_config()["weight_decay"] == 0.25
    step()
    assert len(traces) == 1
    with pytest.raises(ValueError, match="`weight_decay`"):
        optimizer.weight_decay = None


def test_what_is_not_used_is_not_held():
    optimizer = optimizers.SGD(0.1)
    optimizer.hold_numbers()
    optimizer.take_numbers(optimizers.SGD(0.1, weight_decay=0.5))
    assert optimizer.weight_decay is None


def test_a_scheduled_momentum_averages_as_numbers_set_in_turn():
    moving = schedules.Piecewise([2], [0.9, 0.5])
    weights, optimizer = fresh(), make("Adam", None, moving)
    found = after(step_of(optimizer, weights)[0], optimizer, weights)
    own, other = fresh(), make("Adam", None, 0.9)
    other.hold_numbers()
    step, _ = step_of(other, own)
    step(), step()
    other.ema_momentum = 0.5
    step()
    for one, expected in zip(found, [*own, *other.variables], strict=True):
        np.testing.assert_allclose(one, np.array(expected), rtol=1e-6, atol=1e-7)
    told = optimizer.get_config()["ema_momentum"]
    assert told["values"] == [0.9, 0.5]
    again = optimizers.Adam.from_config(optimizer.get_config())
    assert again.numbers()["ema_momentum"] == moving
