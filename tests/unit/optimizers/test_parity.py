"""The mapping to scikit-learn's objectives: the same optimum, coefficient by coefficient."""

import numpy as np
import pytest
from sklearn import linear_model as sk

import kreg
from tests.unit.optimizers.problems import (
    breast_cancer,
    coefficients,
    cosine,
    diabetes,
    logistic_objective,
    solve,
    squared_objective,
)

STEPS = 3000


def sgd(rate=0.02, steps=STEPS):
    return kreg.optimizers.SGD(cosine(rate, steps), momentum=0.9, nesterov=True)


@pytest.mark.parametrize("alpha, rho", [(0.05, 0.5), (0.02, 1.0)])
def test_elastic_net_is_l1_two_alpha_rho_and_l2_alpha_one_minus_rho(alpha, rho):
    x, y = diabetes()
    fitted = sk.ElasticNet(alpha=alpha, l1_ratio=rho, tol=1e-14, max_iter=10**6).fit(x, y)
    l1, l2 = 2 * alpha * rho, alpha * (1 - rho)
    w, b = coefficients(solve(sgd(), kreg.ElasticNet(l1, l2), x, y, steps=STEPS))
    np.testing.assert_array_equal(w != 0, fitted.coef_ != 0)
    best = squared_objective(x, y, fitted.coef_, fitted.intercept_, l1, l2)
    assert squared_objective(x, y, w, b, l1, l2) / best - 1 < 1e-6
    np.testing.assert_allclose(w, fitted.coef_, atol=1e-4)


def test_ridge_is_l2_alpha_over_n_and_has_no_zeros():
    x, y = diabetes()
    fitted = sk.Ridge(alpha=44.2).fit(x, y)
    w, _ = coefficients(solve(sgd(), kreg.L2(44.2 / len(x)), x, y, steps=STEPS))
    np.testing.assert_allclose(w, fitted.coef_, atol=1e-4)
    assert np.all(w != 0)


def test_weight_decay_of_plain_sgd_is_l2_of_half_its_size():
    """w -= lr * wd * w is the gradient step of (wd / 2) * w^2, beside an exact lasso."""
    x, y = diabetes()
    fitted = sk.ElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-14, max_iter=10**6).fit(x, y)
    optimizer = kreg.optimizers.SGD(cosine(0.05, STEPS), weight_decay=2 * 0.05)
    model = solve(optimizer, kreg.L1(0.1), x, y, steps=STEPS)
    w, _ = coefficients(model)
    np.testing.assert_array_equal(w != 0, fitted.coef_ != 0)
    np.testing.assert_allclose(w, fitted.coef_, atol=1e-3)


def test_multi_task_lasso_is_a_group_lasso_on_rows():
    """Keras's mse averages over the k outputs too: l1 = 2 * alpha / (k * sqrt(k))."""
    import keras
    import tensorflow as tf

    x, y = diabetes()
    y = np.c_[y, y**2 - 1, x[:, 2] * y]
    y = (y - y.mean(0)) / y.std(0)
    alpha, k, steps = 0.1, 3, 1500
    fitted = sk.MultiTaskLasso(alpha=alpha, tol=1e-12, max_iter=10**6).fit(x, y)
    penalty = kreg.GroupLasso(2 * alpha / (k * np.sqrt(k)), axis=-2)
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(k, kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((10,)), dense])
    model.compile(sgd(0.05, steps), "mse", steps_per_execution=100)
    data = tf.constant(x, "float32"), tf.constant(y, "float32")
    stream = tf.data.Dataset.from_tensors(data).repeat(steps)
    model.fit(stream, shuffle=False, verbose=0)
    w = dense.get_weights()[0]
    np.testing.assert_array_equal(np.any(w != 0, axis=1), np.any(fitted.coef_.T != 0, axis=1))
    np.testing.assert_allclose(w, fitted.coef_.T, atol=1e-4)


@pytest.mark.parametrize("rho", [1.0, 0.5])
def test_logistic_regression_is_l1_rho_over_cn_and_l2_half_of_the_rest(rho):
    x, y = breast_cancer()
    n, c = len(x), 0.1
    l1, l2 = rho / (c * n), (1 - rho) / (2 * c * n)
    fitted = sk.LogisticRegression(
        C=c, l1_ratio=rho, solver="saga", tol=1e-8, max_iter=20_000, random_state=0
    ).fit(x, y)
    import keras

    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    steps = 6000
    optimizer = kreg.optimizers.SGD(cosine(0.2, steps), momentum=0.9, nesterov=True)
    model = solve(optimizer, kreg.ElasticNet(l1, l2), x, y, steps=steps, loss=loss)
    w, b = coefficients(model)
    best = logistic_objective(x, y, fitted.coef_.ravel(), fitted.intercept_[0], l1, l2)
    np.testing.assert_array_equal(w != 0, fitted.coef_.ravel() != 0)
    assert logistic_objective(x, y, w, b, l1, l2) / best - 1 < 1e-6
