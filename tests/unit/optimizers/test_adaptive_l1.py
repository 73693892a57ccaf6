"""The adaptive lasso: the weighted lasso's solution, from a start that is kept and saved."""

import numpy as np
import pytest

import kreg
from tests.unit.optimizers.problems import batch, coefficients, cosine, fit, linear_model, soft

STARTS = np.array([1.0, -0.5, 0.2, 0.0, 2.0, 0.1, 0.7, -1.5], "float32").reshape(-1, 1)
OPTIMIZERS = {"SGD": 0.05, "Adam": 0.05, "RMSprop": 0.05}


def compiled(name, l1=0.2, gamma=1.0):
    model = linear_model(8, kreg.AdaptiveL1(l1, gamma))
    rate = cosine(OPTIMIZERS[name], 400)
    model.compile(getattr(kreg.optimizers, name)(rate), "mse", steps_per_execution=100)
    model.layers[-1].kernel.assign(STARTS)
    return model


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_end_is_the_weighted_lasso(name):
    x, y = batch()
    model = compiled(name)
    fit(model, steps=400)
    strengths = 0.2 / (np.abs(STARTS) + 1e-4)
    expected = soft(x.T @ y / len(x), strengths / 2).ravel()
    w, _ = coefficients(model)
    assert 0 < np.sum(expected == 0) < 8
    np.testing.assert_array_equal(w == 0, expected == 0)
    np.testing.assert_allclose(w, expected, atol=2e-4)
    value = float(model.layers[-1].kernel_regularizer(model.layers[-1].kernel))
    assert value == pytest.approx(float(np.sum(strengths.ravel() * np.abs(w))), rel=1e-4)
    assert kreg.certificate(model, x, y).stationarity < 1e-3


def test_a_loaded_model_goes_on_from_the_same_start(tmp_path):
    model = compiled("Adam")
    fit(model, steps=100)
    kreg.save_model(model, tmp_path / "model.keras")
    again = kreg.load_model(tmp_path / "model.keras")
    for one in (model, again):
        fit(one, steps=100)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_power_of_zero_is_the_lasso():
    w = np.linspace(-2, 2, 9)
    found = kreg.AdaptiveL1(0.5, gamma=0.0).prox(w, 1.0, start=w)
    np.testing.assert_allclose(found, soft(w, 0.5 / 1.0001), atol=1e-6)


def test_under_a_stock_optimizer_it_is_refused_in_a_sentence():
    model = linear_model(8, kreg.AdaptiveL1(0.1))
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match=r"`kreg\.AdaptiveL1` needs an optimizer that keeps"):
        model.fit(*batch(), verbose=0)
