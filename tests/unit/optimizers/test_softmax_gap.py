"""The gap of multinomial logistic regression: zero at scikit-learn's optimum, a bound elsewhere."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import kreg
from kreg.optimizers.softmax_gap import settled, softmax, softmax_bounds

LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def wine():
    x, y = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(x), y


def model_with(kernel, bias, penalty, scale=1.0):
    inputs = keras.Input((13,))
    x = keras.layers.Rescaling(scale)(inputs)
    dense = keras.layers.Dense(3, kernel_regularizer=penalty)
    model = keras.Model(inputs, dense(x))
    model.compile(kreg.optimizers.SGD(0.1), LOGITS)
    dense.set_weights([kernel, bias])
    return model


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_zero_at_the_optimum_and_a_bound_elsewhere(rho):
    (x, y), c = wine(), 0.1
    n = len(x)
    l1, l2 = rho / (c * n), (1 - rho) / (2 * c * n)
    best = LogisticRegression(C=c, l1_ratio=rho, solver="saga", tol=1e-10, max_iter=50_000)
    best.fit(x, y)
    penalty = kreg.ElasticNet(l1, l2)

    def certified(kernel, bias):
        return kreg.certificate(model_with(kernel, bias, penalty), x, y)

    kernel, bias = best.coef_.T, best.intercept_
    found = certified(kernel, bias)
    assert -1e-6 < found.gap < 1e-5
    generator = np.random.default_rng(0)
    for size in (1e-2, 0.1, 1.0):
        moved = certified(kernel + size * generator.normal(size=kernel.shape), bias + size)
        assert moved.gap >= moved.objective - found.objective - 1e-6


def test_what_stands_before_the_layer_is_applied():
    x, y = wine()
    kernel, bias = np.full((13, 3), 0.1), np.zeros(3)
    penalty = kreg.L2(0.01)
    plain = kreg.certificate(model_with(kernel, bias, penalty), x, y)
    scaled = kreg.certificate(model_with(kernel, bias, penalty, scale=0.5), 2 * x, y)
    assert scaled.gap == pytest.approx(plain.gap, rel=1e-5)


def test_without_a_penalty_nothing_is_proved():
    x, y = wine()
    assert kreg.certificate(model_with(np.ones((13, 3)), np.zeros(3), None), x, y).gap is None


@pytest.mark.parametrize("size", [10.0, 100.0])
def test_biases_settle_far_from_their_optimum(size):
    generator = np.random.default_rng(1)
    (x, labels), kernel = wine(), size * generator.normal(size=(13, 3))
    y = np.eye(3)[labels]
    best = settled(x @ kernel, y, np.zeros(3))
    assert best is not None
    p = softmax(x @ kernel + best)
    np.testing.assert_allclose(p.mean(axis=0), y.mean(axis=0), atol=1e-11)


def test_one_class_alone_has_a_gap_too():
    y = np.tile([1.0, 0.0], (3, 1))  # its loss has no minimum, only the limit zero
    primal, dual = softmax_bounds(np.ones((3, 2)), y, np.zeros((2, 2)), np.zeros(2), 0.1, 0.0)
    assert primal - dual == pytest.approx(np.log(2), abs=1e-6)
