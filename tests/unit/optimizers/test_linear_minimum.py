"""What a linear model's objective cannot fall below: scikit-learn's optimum, and closed forms."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import kreg
from kreg.optimizers import linear_minimum
from kreg.optimizers.duality import LinearGap
from kreg.optimizers.linear_minimum import LinearMinimum, largest_eigenvalue
from kreg.optimizers.objective import data_loss, penalised, penalty_now

RNG = np.random.default_rng(0)


def stated(x, y, penalty, loss="mse", outputs=1, bias=True):
    """The problem of a new linear model on these rows."""
    dense = keras.layers.Dense(outputs, use_bias=bias, kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input(x.shape[1:]), dense])
    model.compile(kreg.optimizers.SGD(0.1), loss)
    return LinearGap(model, x, y)


def lower_bound(gap, near):
    """The bound of a new descent."""
    minimum = LinearMinimum(gap)
    minimum.descend(near)
    return minimum.bound


def orthonormal(n=64, p=4):
    """Columns of mean 0 with `x' x = n`, and targets of mean 0."""
    x = RNG.normal(size=(n, p))
    x = np.linalg.qr(x - x.mean(axis=0))[0] * np.sqrt(n)
    y = x @ np.array([1.5, -0.4, 0.05, 0.0]) + RNG.normal(size=n)
    return x, y - y.mean() + 3.0


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.5), (0.3, 0.5)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_minimum_on_orthonormal_columns(l1, l2, bias):
    x, y = orthonormal()
    shift = 0.0 if bias else 3.0
    r = x.T @ (y - 3.0) / len(x)
    w = np.sign(r) * np.maximum(np.abs(r) - l1 / 2, 0) / (1 + l2)
    least = np.mean((y - 3.0 - x @ w) ** 2) + shift**2 + l1 * np.abs(w).sum() + l2 * (w @ w)
    found = lower_bound(stated(x, y, kreg.ElasticNet(l1, l2), bias=bias), 1e-9)
    assert abs(found - least) < 1e-6, "rows enter in float32"


@pytest.mark.parametrize("classes", [2, 3])
def test_the_minimum_of_logistic_regression_is_scikit_learns(classes):
    x, y = load_wine(return_X_y=True)
    rows = y < classes
    x, y = StandardScaler().fit_transform(x[rows]), y[rows]
    best = LogisticRegression(C=1 / (2 * 0.01 * len(x)), tol=1e-10, max_iter=20_000).fit(x, y)
    kind = "SparseCategoricalCrossentropy" if classes > 2 else "BinaryCrossentropy"
    loss = getattr(keras.losses, kind)(from_logits=True)
    gap = stated(x, y, kreg.L2(0.01), loss, best.coef_.shape[0])
    primal, dual = gap.at(best.coef_.T, best.intercept_)
    found = lower_bound(gap, 1e-6)
    assert primal - 1e-6 <= found <= primal + 1e-9 and dual <= primal


def test_a_descent_that_is_cut_short_is_looser_and_never_wrong(monkeypatch):
    x, y = orthonormal()
    x = x @ RNG.normal(size=(4, 4))
    gap = stated(x, y, kreg.L1(0.01))
    steps = []
    step = linear_minimum.Descent.step
    monkeypatch.setattr(linear_minimum, "LOOK", 1)
    monkeypatch.setattr(linear_minimum.Descent, "step", lambda self: (steps.append(1), step(self)))
    whole = lower_bound(gap, 1e-12)
    for most in (1, 5, 25):
        steps.clear()
        monkeypatch.setattr(linear_minimum, "STEPS", most)
        found = lower_bound(gap, 1e-12)
        assert found <= whole + 1e-12 and len(steps) <= most
    steps.clear()
    monkeypatch.setattr(linear_minimum, "STEPS", 10**6)
    monkeypatch.setattr(linear_minimum, "WORK", 0)
    lower_bound(gap, -1.0)
    assert len(steps) == 1, "the work is bounded, not the steps alone"


def test_a_descent_goes_on_where_it_has_ended(monkeypatch):
    x, y = orthonormal()
    gap = stated(x @ RNG.normal(size=(4, 4)), y, kreg.L1(0.01))
    steps = []
    step = linear_minimum.Descent.step
    monkeypatch.setattr(linear_minimum.Descent, "step", lambda self: (steps.append(1), step(self)))
    once = LinearMinimum(gap)
    once.descend(1e-10)
    whole = len(steps)
    steps.clear()
    twice = LinearMinimum(gap)
    twice.descend(1e-2)
    assert 0 < len(steps) < whole
    twice.descend(1e-10)
    assert len(steps) == whole and twice.objective == once.objective
    twice.descend(1e-10)
    assert len(steps) == whole, "there is nothing left to do"


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (450, 410)])
def test_the_largest_eigenvalue_is_not_below(shape):
    x = RNG.normal(size=shape)
    exact = np.linalg.norm(x, 2) ** 2
    assert exact * (1 - 1e-9) <= largest_eigenvalue(x) <= 1.02 * exact


def test_objective_and_guessing_are_those_of_the_model():
    x, y = load_wine(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype("float32")
    gap = stated(x, y, kreg.L1(0.1), keras.losses.SparseCategoricalCrossentropy(True), 3)
    model = gap.model
    expected = float(data_loss(model, x, y))
    expected += sum(penalty_now(model, v, p) for v, p in penalised(model))
    assert gap.objective() == pytest.approx(expected, rel=1e-5)
    share = np.bincount(y) / len(y)
    assert gap.guessing() == pytest.approx(-np.sum(share * np.log(share)))
    assert stated(x, y, kreg.L1(0.1)).guessing() == pytest.approx(y.var())
    logits = keras.losses.BinaryCrossentropy(from_logits=True)
    two = np.array([share[0], 1 - share[0]])
    found = stated(x, y > 0, kreg.L1(0.1), logits).guessing()
    assert found == pytest.approx(-np.sum(two * np.log(two)))
