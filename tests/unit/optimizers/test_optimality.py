"""The certificate: gap zero at scikit-learn's optimum, an upper bound everywhere else."""

import keras
import numpy as np
import pytest
from sklearn import linear_model as sk

import kreg
from tests.unit.optimizers.problems import (
    batch,
    breast_cancer,
    diabetes,
    fit,
    linear_model,
    logistic_objective,
    squared_objective,
)

LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


def model_with(penalty, coef, intercept, loss="mse"):
    model = linear_model(len(coef), penalty)
    model.get_layer("linear").set_weights([coef.reshape(-1, 1), np.array([intercept])])
    model.compile(kreg.optimizers.SGD(0.1), loss)
    return model


def gap(penalty, coef, intercept, x, y, loss="mse"):
    return kreg.certificate(model_with(penalty, coef, intercept, loss), x, y).gap


@pytest.mark.parametrize(("alpha", "rho"), [(0.05, 1.0), (0.05, 0.5), (0.2, 0.9)])
def test_the_gap_of_the_elastic_net_is_zero_at_the_optimum_and_bounds_elsewhere(alpha, rho):
    x, y = diabetes()
    best = sk.ElasticNet(alpha=alpha, l1_ratio=rho, tol=1e-14, max_iter=10**6).fit(x, y)
    l1, l2 = 2 * alpha * rho, alpha * (1 - rho)
    penalty = kreg.ElasticNet(l1, l2)
    assert 0 <= gap(penalty, best.coef_, best.intercept_, x, y) + 1e-12 < 1e-6
    minimum = squared_objective(x, y, best.coef_, best.intercept_, l1, l2)
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 1.0):
        w, b = best.coef_ + scale * rng.normal(size=10), scale * rng.normal()
        excess = squared_objective(x, y, w, b, l1, l2) - minimum
        assert gap(penalty, w, b, x, y) >= excess - 1e-9


@pytest.mark.parametrize("rho", [1.0, 0.5])
def test_the_gap_of_logistic_regression(rho):
    x, y = breast_cancer()
    c, n = 0.1, len(x)
    l1, l2 = rho / (c * n), (1 - rho) / (2 * c * n)
    best = sk.LogisticRegression(
        C=c, l1_ratio=rho, solver="saga", tol=1e-8, max_iter=20_000, random_state=0
    ).fit(x, y)
    w, b = best.coef_.ravel(), best.intercept_[0]
    penalty = kreg.ElasticNet(l1, l2)
    assert 0 <= gap(penalty, w, b, x, y, LOGITS) + 1e-12 < 1e-6
    minimum = logistic_objective(x, y, w, b, l1, l2)
    for shift in (0.01, 0.3):
        excess = logistic_objective(x, y, w + shift, b, l1, l2) - minimum
        assert gap(penalty, w + shift, b, x, y, LOGITS) >= excess - 1e-9


def test_ridge_has_a_gap_and_no_penalty_has_none():
    x, y = diabetes()
    ridge = sk.Ridge(alpha=0.1 * len(x)).fit(x, y)
    assert 0 <= gap(kreg.L2(0.1), ridge.coef_, ridge.intercept_, x, y) + 1e-12 < 1e-9
    assert gap(None, ridge.coef_, ridge.intercept_, x, y) is None


def test_a_trained_model_proves_itself_without_scikit_learn():
    model = linear_model(8, kreg.L1(0.3))
    model.compile(kreg.optimizers.SGD(0.2), "mse")
    x, y = batch()
    before = kreg.certificate(model, x, y)
    fit(model)
    after = kreg.certificate(model, x, y)
    assert after.relative_gap < 1e-6 < before.relative_gap
    assert after.stationarity < 1e-5 < before.stationarity
    assert after.objective == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)


def test_a_network_gets_a_residual_for_each_weight():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(4, "tanh", kernel_regularizer=kreg.GroupLasso(0.02)),
            keras.layers.Dense(1, kernel_regularizer=kreg.ElasticNet(0.01, 0.01)),
        ]
    )
    model.compile(kreg.optimizers.Adam(0.02), "mse")
    x, y = batch()
    before = kreg.certificate(model, x, y)
    fit(model, 1500)
    after = kreg.certificate(model, x, y)
    assert before.gap is None and set(after.weights) == {v.path for v in model.trainable_weights}
    assert after.stationarity < 0.01 * before.stationarity


def test_it_asks_for_a_compiled_model():
    with pytest.raises(ValueError, match="`model`.*a compiled, built keras.Model"):
        kreg.certificate(linear_model(8), *batch())
