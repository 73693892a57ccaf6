"""From a stock optimizer to the proximal one: settings, state, refusals."""

import keras
import numpy as np
import pytest

import kreg
from kreg.optimizers.classes import CLASSES
from tests.unit.optimizers.problems import assert_solved, coefficients, fit, linear_model


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_settings_are_kept_and_survive_serialization(cls):
    parent = cls.__mro__[2]
    stock = parent(learning_rate=0.123, clipnorm=2.0, name="mine")
    ours = kreg.optimizers.proximal(stock)
    assert type(ours) is cls and ours.get_config() == stock.get_config()
    again = keras.optimizers.deserialize(keras.optimizers.serialize(ours))
    assert type(again) is cls and again.get_config() == stock.get_config()
    assert kreg.optimizers.proximal(ours) is ours


def test_the_state_of_a_built_optimizer_is_kept():
    model = linear_model(8)
    model.compile(keras.optimizers.Adam(0.05), "mse")
    fit(model, 20)
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    ours = kreg.optimizers.proximal(model.optimizer)
    assert int(ours.iterations) == 20
    fit(model, 5)
    straight = coefficients(model)[0]
    model.set_weights(twin.get_weights())
    model.compile(ours, "mse")
    fit(model, 5)
    np.testing.assert_array_equal(coefficients(model)[0], straight)


def test_names_and_loss_scaling_wrappers():
    assert type(kreg.optimizers.proximal("rmsprop")) is kreg.optimizers.RMSprop
    wrapped = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.2), initial_scale=64.0)
    ours = kreg.optimizers.proximal(wrapped)
    assert isinstance(ours, keras.optimizers.LossScaleOptimizer)
    assert type(ours.inner_optimizer) is kreg.optimizers.SGD and ours.initial_scale == 64.0
    model = linear_model(8, kreg.L1(0.3))
    model.compile(ours, "mse")
    fit(model)
    assert_solved(model)


class Unknown(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        (keras.optimizers.Ftrl(), "penalty of its own"),
        (keras.optimizers.ScheduleFreeAdamW(), "iterates of its own"),
        (keras.optimizers.Adadelta(), "too small"),
        (Unknown(), r"class ProximalUnknown\(kreg.optimizers.Proximal, Unknown\)"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(optimizer, reason):
    with pytest.raises(ValueError, match=f"cannot be given a proximal step: .*{reason}"):
        kreg.optimizers.proximal(optimizer)


def test_the_mixin_makes_anyones_optimizer_proximal():
    class Mine(kreg.optimizers.Proximal, Unknown):
        pass

    model = linear_model(8, kreg.L1(0.3))
    model.compile(Mine(learning_rate=0.05), "mse")
    fit(model, 400)
    assert_solved(model)


def test_signatures_are_those_of_keras():
    import inspect

    ours = list(inspect.signature(kreg.optimizers.Adam).parameters)
    kept = [name for name in ours if name not in ("rates", "decay_on")]  # kreg's own
    assert kept == list(inspect.signature(keras.optimizers.Adam).parameters)
