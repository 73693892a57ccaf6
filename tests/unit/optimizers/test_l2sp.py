"""The distance to the pretrained start."""

import keras
import numpy as np
import pytest

import kreg
from tests.unit.optimizers.problems import coefficients, fit, linear_model, orthonormal

START = np.linspace(2, 3, 8)


def model_at_start(penalty, optimizer=None):
    model = linear_model(8, penalty)
    model.get_layer("linear").set_weights([START.reshape(8, 1), np.zeros(1)])
    model.compile(optimizer or kreg.optimizers.SGD(0.1), "mse")
    return model


def test_the_optimum_lies_between_the_data_and_the_start():
    """(1/n)||y - Xw||^2 + l2 ||w - w0||^2 with X'X/n = 1 has the minimum (a + l2 w0) / (1 + l2)."""
    x, y = orthonormal()
    model = model_at_start(kreg.L2SP(0.5))
    fit(model, 200)
    expected = (x.T @ y / len(x) + 0.5 * START) / 1.5
    np.testing.assert_allclose(coefficients(model)[0], expected, atol=1e-5)


def test_a_large_strength_stays_and_the_first_report_is_zero():
    model = model_at_start(kreg.L2SP(4.0))
    data = float(np.mean((model(batch_x()).numpy() - batch_y()) ** 2))
    assert fit(model, 1).history["loss"][0] == pytest.approx(data, rel=1e-5)
    moved = np.square(coefficients(model)[0] - START).sum()
    assert fit(model, 1).history["loss"][0] > 4.0 * moved > 0


def batch_x():
    return orthonormal()[0].astype("float32")


def batch_y():
    return orthonormal()[1].reshape(-1, 1)


def test_one_penalty_on_several_weights_keeps_a_start_for_each():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8), keras.layers.Dense(8)])
    starts = [w.copy() for w in model.get_weights()]
    kreg.regularize(model, kreg.L2SP(1000.0))
    model.compile(kreg.optimizers.Adam(1e-3), "mse")
    x = batch_x()
    model.fit(x, x, epochs=20, verbose=0)
    for start, now in zip(starts[::2], model.get_weights()[::2]):
        assert np.abs(now - start).max() < 0.01


def test_a_stock_optimizer_cannot_keep_the_start():
    model = model_at_start(kreg.L2SP(0.5), keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="needs an optimizer that keeps the pretrained weights"):
        fit(model, 1)
