"""Hard thresholding: a minimum on a grid, where training may end, and what it leaves alone."""

import keras
import numpy as np
import pytest

import kreg
from tests.unit.optimizers.problems import batch, coefficients, cosine, fit, linear_model

GRID = np.linspace(-4, 4, 8001)  # every thousandth, 0 among them


@pytest.mark.parametrize("step", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("l0", [0.0, 0.3, 1.2])
def test_the_map_is_the_minimum_on_a_grid(l0, step):
    penalty, costs = kreg.L0(l0), l0 * (np.abs(GRID) > 1e-9)
    for z in np.linspace(-3, 3, 25):
        w = float(penalty.prox([z], step)[0])
        mine = step * l0 * (w != 0) + (w - z) ** 2 / 2
        assert mine <= np.min(step * costs + (GRID - z) ** 2 / 2) + 1e-6


def test_its_value_is_a_count_in_float32():
    w = keras.ops.cast([[0.0, 1e-6], [-3.0, 0.0]], "float16")
    value = kreg.L0(0.25)(w)
    assert float(value) == 0.5 and keras.backend.standardize_dtype(value.dtype) == "float32"


@pytest.mark.parametrize("gamma", [0.1, 0.5])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_the_end_is_a_fixed_point_of_its_own_step_and_nothing_is_shrunk(name, gamma):
    x, y = batch()
    l0 = 0.2
    model = linear_model(8, kreg.L0(l0, gamma))
    rate = cosine(0.05, 400)
    model.compile(getattr(kreg.optimizers, name)(rate), "mse", steps_per_execution=100)
    fit(model, steps=400)
    w, _ = coefficients(model)
    least_squares = (x.T @ y / len(x)).ravel()
    kept = w != 0
    assert 0 < kept.sum() < 8
    np.testing.assert_allclose(w[kept], least_squares[kept], atol=2e-4)
    assert np.all(np.abs(w[kept]) >= np.sqrt(2 * gamma * l0))
    assert np.all(2 * np.abs(least_squares[~kept]) <= np.sqrt(2 * l0 / gamma) + 1e-3)
    assert kreg.certificate(model, x, y).stationarity < 1e-3


def test_a_price_that_grows_from_zero_ends_at_the_best_subset():
    x, y = batch()
    ramp = kreg.schedules.Linear(0.0, 0.2, duration=200)
    model = linear_model(8, kreg.L0(ramp, gamma=0.5))
    model.compile(kreg.optimizers.Adam(cosine(0.05, 400)), "mse", steps_per_execution=100)
    fit(model, steps=400)
    expected = np.asarray(kreg.L0(0.2).prox(x.T @ y / len(x), 0.5)).ravel()
    np.testing.assert_allclose(coefficients(model)[0], expected, atol=2e-4)


def test_under_a_stock_optimizer_it_is_refused_in_a_sentence():
    model = linear_model(8, kreg.L0(0.1))
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match=r"`kreg\.L0` needs an optimizer that takes the step"):
        model.fit(*batch(), verbose=0)


def test_a_step_of_zero_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"`gamma`.*in \(0, inf\)"):
        kreg.L0(0.1, gamma=0.0)
