"""Exact zeros under JAX and PyTorch: the lasso with a closed form, and what differs by backend."""

import keras
import numpy as np
import pytest

import kreg
from tests.unit.optimizers.problems import (
    assert_solved,
    batch,
    coefficients,
    linear_model,
    soft,
)

L1 = 0.3


def compiled(optimizer, penalty=None, **compile):
    model = linear_model(8, penalty or kreg.L1(L1))
    model.compile(optimizer, "mse", **compile)
    return model


def fit(model, steps=200):
    x, y = batch()
    return model.fit(x, y, batch_size=len(x), epochs=steps, shuffle=False, verbose=0)


SETTINGS = {
    "plain": {},
    "accumulation": {"gradient_accumulation_steps": 2},
    "clipnorm": {"clipnorm": 1.0},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_the_lasso_is_solved_exactly(name, setting):
    steps = 800 if setting == "accumulation" else 400
    rate = keras.optimizers.schedules.CosineDecay(0.2 if name == "SGD" else 0.05, steps)
    model = compiled(getattr(kreg.optimizers, name)(rate, **SETTINGS[setting]))
    fit(model, steps)
    assert_solved(model, atol=1e-4)


@pytest.mark.parametrize("penalty", [kreg.L1(L1), kreg.L2(L1), kreg.ElasticNet(L1, L1)], ids=repr)
def test_the_first_step_counts_the_penalty_once(penalty):
    kernels = []
    for package in (kreg.optimizers, keras.optimizers):
        model = compiled(package.SGD(0.01), penalty)
        fit(model, 1)
        kernels.append(coefficients(model)[0])
    far = np.abs(kernels[1]) > 0.05  # near zero a stock optimizer steps over it
    assert far.sum() > 4
    np.testing.assert_allclose(kernels[0][far], kernels[1][far], atol=1e-6)


def test_an_adaptive_group_lasso_reaches_its_fixed_point():
    """Factors by hand times factors by the norms; the last feature is free."""
    weights = [1.0] * 7 + [0.0]
    penalty = kreg.GroupLasso(L1, adaptive=1, weights=weights)
    model = compiled(kreg.optimizers.SGD(0.1), penalty)
    x, y = (array.astype("float64") for array in batch())
    least_squares = x.T @ y.ravel() / len(x)
    model.get_layer("linear").set_weights([least_squares.reshape(-1, 1), np.zeros(1)])
    fit(model, 400)
    w, _ = coefficients(model)
    size = np.abs(w)
    mean = size[size > 0].mean()
    factors = weights * (1.1 * mean / (size + 0.1 * mean))
    np.testing.assert_allclose(w, soft(least_squares, L1 * factors / 2), atol=1e-4)
    assert 0 < np.sum(w == 0) < 7


def test_strengths_change_between_fits():
    penalty = kreg.L1(0.8)
    model = compiled(kreg.optimizers.SGD(0.2), penalty)
    fit(model)
    assert_solved(model, 0.8)
    penalty.l1 = L1
    fit(model)
    assert_solved(model)


def test_a_schedule_reaches_its_end():
    ramp = kreg.schedules.Linear(0.0, L1, duration=50)
    model = compiled(kreg.optimizers.SGD(0.2), kreg.L1(ramp))
    fit(model, 20)
    now = next(iter(model.optimizer.strengths().values()))["l1"]
    assert now == pytest.approx(0.4 * L1)
    fit(model, 300)
    assert_solved(model)


def test_the_reported_loss_follows_a_schedule():
    ramp = kreg.schedules.Linear(0.0, 1.0, duration=4)
    model = compiled(kreg.optimizers.SGD(0.0), kreg.L1(ramp))
    losses = fit(model, 5).history["loss"]
    size = np.abs(coefficients(model)[0]).sum()
    np.testing.assert_allclose(np.diff(losses), size / 4, rtol=1e-3)


def test_the_reported_loss_knows_the_start():
    model = compiled(kreg.optimizers.SGD(0.0), kreg.L2SP(1.0))
    before = fit(model, 1).history["loss"][0]
    kernel, bias = model.get_layer("linear").get_weights()
    model.get_layer("linear").set_weights([kernel + 1.0, bias])
    x, y = batch()
    data_loss = float(np.mean((x @ (kernel + 1.0) + bias - y) ** 2))
    after = fit(model, 1).history["loss"][0]
    assert before < data_loss and after == pytest.approx(data_loss + kernel.size, rel=1e-4)


def test_groups_and_the_start():
    model = compiled(kreg.optimizers.Adam(0.02), kreg.GroupLasso(L1, axis=-2))
    fit(model, 400)
    assert_solved(model, atol=2e-3)  # a row of one weight is a lasso
    stay = compiled(kreg.optimizers.SGD(1e-4), kreg.L2SP(1000.0))
    before = coefficients(stay)[0]
    fit(stay, 200)
    np.testing.assert_allclose(coefficients(stay)[0], before, atol=5e-3)


def test_save_load_continue_is_bitwise_not_stopping(tmp_path):
    model = compiled(kreg.optimizers.Adam(0.02), kreg.SparseGroupLasso(0.1, 0.1))
    fit(model, 15)
    model.save(tmp_path / "half.keras")
    loaded = keras.models.load_model(tmp_path / "half.keras")
    fit(model, 15)
    fit(loaded, 15)
    np.testing.assert_array_equal(coefficients(model)[0], coefficients(loaded)[0])


def test_regularize_a_compiled_model():
    model = linear_model(8)
    model.compile(kreg.optimizers.SGD(0.2), "mse")
    fit(model, 10)
    kreg.regularize(model, kreg.L1(L1))
    fit(model)
    assert_solved(model)


def test_the_certificate():
    model = compiled(kreg.optimizers.SGD(0.2))
    x, y = batch()
    fit(model, 300)
    found = kreg.certificate(model, x, y)
    assert found.relative_gap < 1e-6 and found.stationarity < 1e-5


def test_a_converted_optimizer():
    model = compiled(kreg.optimizers.proximal(keras.optimizers.Adam(0.05)))
    fit(model, 600)
    assert_solved(model, atol=5e-3)
