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


class Halved(keras.optimizers.schedules.LearningRateSchedule):
    """Of a script: not registered, without a configuration."""

    def __call__(self, step):
        return 0.1 * keras.ops.power(0.5, keras.ops.cast(step, "float32"))


@pytest.mark.parametrize("rate", [Halved(), lambda: 0.03], ids=["schedule", "function"])
def test_a_schedule_of_ones_own_is_taken_as_it_is(rate):
    ends = []
    for convert in (lambda one: one, kreg.optimizers.proximal):
        model = linear_model(8)
        model.compile(convert(keras.optimizers.SGD(rate)), "mse")
        fit(model, 3)
        ends.append(coefficients(model)[0])
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("rates", [None, {"kernel": 0.5}])
def test_what_was_excluded_from_weight_decay_stays_so(rates):
    stock = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    stock.exclude_from_weight_decay(var_names=["bias"])
    ours = kreg.optimizers.proximal(stock, rates=rates)
    kernel = keras.Variable(np.ones((1, 2)), name="kernel")
    bias = keras.Variable(np.ones(2), name="bias")
    weights = [kernel, bias]
    ours.build(weights)
    ours.apply([keras.ops.zeros_like(weight) for weight in weights])
    np.testing.assert_allclose(kernel, 1 - 0.1 * 0.5 * (1 if rates is None else 0.5), rtol=1e-6)
    np.testing.assert_array_equal(bias, 1)


def test_rates_are_for_an_optimizer_that_is_not_ours_yet():
    assert kreg.optimizers.proximal("adam", rates={"bias": 0.1}).rules.rates == {"bias": 0.1}
    with pytest.raises(ValueError, match="`rates`"):
        kreg.optimizers.proximal(kreg.optimizers.Adam(), rates={"bias": 0.1})


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
