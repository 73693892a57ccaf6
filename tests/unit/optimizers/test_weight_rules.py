"""Rates and decay by the names of weights: steps computed by hand, state kept bit for bit."""

import inspect

import keras
import numpy as np
import pytest

import kreg
from kreg.optimizers.classes import CLASSES
from tests.unit.optimizers.problems import assert_solved, coefficients, fit, linear_model

X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, -0.7], [2.0, 1.0]], "float32")
Y = np.array([[1.0], [0.0], [-1.0], [2.0]], "float32")
RATES = {"bias": 0.1, "last/*": 3.0}
LR, DECAY = 0.01, 0.1


def network():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(3, "tanh", name="first"), keras.layers.Dense(1, name="last")]
    return keras.Sequential([keras.Input((2,)), *layers])


def trained(optimizer, steps=3, model=None):
    model = model or network()
    model.compile(optimizer, "mse", jit_compile=False)
    model.fit(X, Y, epochs=steps, batch_size=4, shuffle=False, verbose=0)
    return model


def factor(path):
    return 3.0 if "last/" in path else 0.1 if path.endswith("bias") else 1.0


def stock_steps(make, steps=3):
    """The same steps by a stock optimizer for each weight, at that weight's own rate."""
    model = network()
    weights = model.trainable_variables
    optimizers = [make(LR * factor(w.path)) for w in weights]
    for optimizer, weight in zip(optimizers, weights, strict=True):
        optimizer.build([weight])
    import tensorflow as tf

    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = keras.ops.mean((model(X) - Y) ** 2)
        for one, gradient in enumerate(tape.gradient(loss, [w.value for w in weights])):
            optimizers[one].apply([gradient], [weights[one]])
    return model


def marked(values, fast):
    """All values, those that are not fast for the slow suite."""
    return [pytest.param(v, marks=() if v in fast else pytest.mark.slow) for v in values]


FAST = (kreg.optimizers.Adam, kreg.optimizers.SGD)


# Adafactor limits its rate by the number of the step: a factor is none on the steps themselves
@pytest.mark.parametrize("cls", marked([c for c in CLASSES if c.__name__ != "Adafactor"], FAST))
def test_a_factor_is_a_learning_rate_of_the_weights_own(cls):
    """Step and decoupled decay: what an optimizer of its own would do with each weight."""
    settings = {"weight_decay": DECAY}
    own = trained(cls(LR, rates=RATES, **settings))
    stock = stock_steps(lambda rate: cls.__mro__[2](rate, **settings))
    for a, b in zip(own.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-7)


def test_one_step_by_hand():
    """`w -= f lr wd w`, then `w -= f lr g`."""
    model = linear_model(2)
    w, b = (np.array(one, "float64") for one in model.get_weights())
    b += 0.5
    model.set_weights([w, b])
    residual = X @ w + b - Y
    gradients = 2 * X.T @ residual / 4, 2 * residual.mean(0)
    optimizer = kreg.optimizers.SGD(
        LR, weight_decay=DECAY, rates={"kernel": 5.0}, decay_on="kernels"
    )
    trained(optimizer, 1, model)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel, w * (1 - 5 * LR * DECAY) - 5 * LR * gradients[0], rtol=1e-6)
    np.testing.assert_allclose(bias, b - LR * gradients[1], rtol=1e-6)


def kept_after(decay_on, layers):
    """The weights that did not change in one step without gradients, by their paths."""
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.set_weights([np.ones(w.shape) for w in model.weights])
    optimizer = kreg.optimizers.AdamW(LR, weight_decay=DECAY, decay_on=decay_on)
    optimizer.build(model.trainable_variables)
    optimizer.apply([keras.ops.zeros(w.shape) for w in model.trainable_variables])
    weights = model.trainable_variables
    return [w.path.partition("/")[2] for w in weights if np.all(w.numpy() == 1)]


def test_kernels_alone_decay():
    layers = [
        keras.layers.Dense(2, name="a"),
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.EinsumDense("bd,d->bd", output_shape=(2,), name="scale"),
    ]
    assert kept_after("kernels", layers) == ["a/bias", "norm/gamma", "norm/beta", "scale/kernel"]


def test_decay_on_takes_patterns():
    layers = [keras.layers.Dense(2, name="a"), keras.layers.Dense(2, name="b")]
    assert kept_after(["b/*", "a/bias"], layers) == ["a/kernel"]
    assert kept_after("a/*", layers) == ["b/kernel", "b/bias"]
    assert kept_after("all", layers) == []


def test_keras_exclusion_still_counts():
    optimizer = kreg.optimizers.AdamW(
        LR, weight_decay=DECAY, rates={"kernel": 2.0}, decay_on="kernel"
    )
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    model = network()
    start = model.get_weights()
    optimizer.build(model.trainable_variables)
    optimizer.apply([keras.ops.zeros(w.shape) for w in model.trainable_variables])
    for a, b in zip(start, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- the proximal step ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", marked(["SGD", "Adam"], ["SGD"]))
@pytest.mark.parametrize("rate", marked([0.1, 8.0], [8.0]))
def test_the_optimum_of_a_penalty_does_not_move_with_the_factor(name, rate):
    """`lr * f` with the factor is `lr` without it, bit by bit up to rounding: prox and all."""
    optimizers = getattr(kreg.optimizers, name)
    models = []
    for settings in ({"learning_rate": 0.05 * rate}, {"learning_rate": 0.05, "rates": {"*": rate}}):
        model = linear_model(8, kreg.L1(0.3))
        model.compile(optimizers(**settings), "mse", steps_per_execution=10, jit_compile=False)
        fit(model, 20)
        models.append(coefficients(model)[0])
    np.testing.assert_allclose(*models, atol=2e-5)
    np.testing.assert_array_equal(models[0] == 0, models[1] == 0)


def test_a_slow_weight_has_exact_zeros():
    """Kernel at a tenth of the rate, bias at the whole: the support is the lasso's."""
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 400)
    model = linear_model(8, kreg.L1(0.3))
    optimizer = kreg.optimizers.Adam(schedule, rates={"kernel": 0.1})
    model.compile(optimizer, "mse", steps_per_execution=100, jit_compile=False)
    fit(model, 400)
    assert_solved(model, atol=2e-4)


# --- kept -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", marked(["AdamW", "SGD", "Muon"], ["AdamW"]))
def test_saved_and_loaded_it_goes_on_bit_for_bit(name, tmp_path):
    settings = {"rates": RATES, "decay_on": "kernels", "weight_decay": DECAY}
    make = getattr(kreg.optimizers, name)
    through, parted = (kreg.regularize(network(), kreg.L1(1e-3)) for _ in range(2))
    trained(make(LR, **settings), 4, through)
    trained(make(LR, **settings), 2, parted).save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    config = loaded.optimizer.get_config()
    assert (config["rates"], config["decay_on"]) == (RATES, "kernels")
    loaded.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(loaded.get_weights(), through.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_rules_the_configuration_is_keras_own():
    own, stock = kreg.optimizers.Adam().get_config(), keras.optimizers.Adam().get_config()
    assert set(own) == set(stock)


def test_the_signature_names_the_rules():
    parameters = inspect.signature(kreg.optimizers.AdamW).parameters
    assert parameters["decay_on"].default == "all" and parameters["rates"].default is None
    assert list(parameters)[0] == "learning_rate" and list(parameters)[-1] == "kwargs"


def test_the_last_rule_that_names_a_weight_counts():
    optimizer = kreg.optimizers.SGD(LR, rates={"*": 2.0, "bias": 0.5, "first/*": 7.0})
    optimizer.build(network().trainable_variables)
    assert optimizer.rules.factors == {0: 7.0, 1: 7.0, 2: 2.0, 3: 0.5}


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rates": {"bias": 0.0}}, "trainable"),
        ({"rates": {"bias": -1.0}}, "bias"),
        ({"rates": {"bias": "fast"}}, "bias"),
        ({"rates": {"": 1.0}}, "pattern"),
        ({"decay_on": []}, "patterns"),
        ({"decay_on": [1]}, "patterns"),
    ],
)
def test_a_wrong_rule_is_a_sentence(settings, said):
    with pytest.raises(ValueError, match=said):
        kreg.optimizers.Adam(**settings)


@pytest.mark.parametrize("settings", [{"rates": {"biass": 0.1}}, {"decay_on": ["firts/*"]}])
def test_a_pattern_that_names_nothing_is_refused(settings):
    optimizer = kreg.optimizers.AdamW(**settings)
    with pytest.raises(ValueError, match=r"name a trained weight.*first/kernel"):
        optimizer.build(network().trainable_variables)
    assert not optimizer.built


def test_a_loaded_model_has_its_rates_and_decays_though_its_weights_have_other_names(tmp_path):
    """Keras numbers and names the weights of a nested `Sequential` anew."""
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="deep")], name="trunk")
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="last")(inner(inputs)))
    optimizer = kreg.optimizers.AdamW(
        LR, weight_decay=DECAY, rates={"trunk/*": 0.5}, decay_on=["trunk/deep/kernel", "last/*"]
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    trained(optimizer, model=model).save(tmp_path / "model.keras")
    for load in (kreg.load_model, keras.models.load_model):
        loaded = load(tmp_path / "model.keras")
        again = loaded.optimizer.rules
        assert again.factors == optimizer.rules.factors == {0: 0.5, 1: 0.5}
        assert again.spared == optimizer.rules.spared == {1, 3}
        for one in (model, loaded):
            one.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
        assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))
        model = loaded
        model.save(tmp_path / "model.keras")
