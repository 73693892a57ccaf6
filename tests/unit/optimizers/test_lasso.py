"""Support and objective are scikit-learn's for every optimizer; the usual recipes fail the test."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import Lasso

import kreg
from kreg.optimizers.classes import CLASSES
from tests.unit.optimizers.problems import (
    assert_solved,
    coefficients,
    cosine,
    diabetes,
    orthonormal,
    solve,
    squared_objective,
)

STEPS = 2000
RATES = {  # optimizer -> learning rate that suits 2,000 steps on ten standardized features
    "SGD": 0.05, "Adam": 0.01, "AdamW": 0.01, "RMSprop": 0.01, "Adagrad": 0.1, "Adamax": 0.01,
    "Nadam": 0.01, "Adafactor": 0.01, "Lamb": 0.01, "Lion": 0.005, "Muon": 0.01,
}  # fmt: skip
FAST = ("SGD", "nesterov", "Adam", "RMSprop")


def make(name, steps=STEPS):
    if name in ("momentum", "nesterov"):
        return kreg.optimizers.SGD(cosine(0.02, steps), momentum=0.9, nesterov=name == "nesterov")
    no_decay = {"weight_decay": 0.0} if name in ("AdamW", "Muon") else {}
    return getattr(kreg.optimizers, name)(cosine(RATES[name], steps), **no_decay)


def truth(alpha):
    x, y = diabetes()
    fitted = Lasso(alpha=alpha, tol=1e-14, max_iter=10**6).fit(x, y)
    return fitted.coef_, squared_objective(x, y, fitted.coef_, fitted.intercept_, 2 * alpha)


def compare(model, alpha):
    """(same support?, relative gap of the objective)"""
    x, y = diabetes()
    expected, best = truth(alpha)
    w, b = coefficients(model)
    same = np.array_equal(w != 0, expected != 0)
    return same, squared_objective(x, y, w, b, 2 * alpha) / best - 1


SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in (*RATES, "momentum") if n not in FAST]


@pytest.mark.parametrize("name", [*FAST, *SLOW])
def test_full_batch_equals_scikit_learn(name):
    model = solve(make(name), kreg.L1(0.1), *diabetes(), steps=STEPS)
    same, gap = compare(model, alpha=0.05)
    assert same
    assert gap < 1e-6


def test_every_optimizer_is_in_the_table():
    assert {cls.__name__ for cls in CLASSES} == set(RATES)


def test_keras_l1_fails_the_same_test():
    optimizer = keras.optimizers.Adam(cosine(0.01, STEPS))
    model = solve(optimizer, keras.regularizers.L1(0.1), *diabetes(), steps=STEPS)
    assert not compare(model, alpha=0.05)[0]
    assert np.all(coefficients(model)[0] != 0)


@pytest.mark.parametrize("name", RATES)
def test_every_optimizer_solves_a_lasso_with_a_closed_form(name):
    rate = {"SGD": 0.2, "Adagrad": 0.5, "Lion": 0.02}.get(name, 0.05)
    no_decay = {"weight_decay": 0.0} if name in ("AdamW", "Muon") else {}
    optimizer = getattr(kreg.optimizers, name)(cosine(rate, 400), **no_decay)
    assert_solved(solve(optimizer, kreg.L1(0.3), *orthonormal(), steps=400), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("alpha", [0.05, 0.02])
@pytest.mark.parametrize("name", ["SGD", "momentum", "nesterov", "Adam", "AdamW", "RMSprop"])
def test_batches_of_32_keep_the_support(name, alpha, seed):
    steps = 8000
    model = solve(
        make(name, steps), kreg.L1(2 * alpha), *diabetes(), steps=steps, batch=32, seed=seed
    )
    same, gap = compare(model, alpha)
    assert same
    assert gap < 3e-4


class NaiveThreshold(keras.optimizers.SGD):
    """What everyone writes first: soft-threshold by lr * l1 after the step."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate)
        if len(variable.shape) == 2:
            shrunk = kreg.L1(0.1).prox(variable, learning_rate)
            self.assign(variable, shrunk)


def test_naive_threshold_with_momentum_fails_the_same_test():
    optimizer = NaiveThreshold(cosine(0.02, STEPS), momentum=0.9)
    same, gap = compare(solve(optimizer, None, *diabetes(), steps=STEPS), alpha=0.05)
    assert not same
    assert gap > 1e-2
