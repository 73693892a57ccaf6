"""Training with factors on groups: the weighted lasso, and the fixed point of the adaptive one."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

import kreg
from tests.unit.optimizers.problems import coefficients, cosine, diabetes, orthonormal, soft, solve


def sgd(steps):
    return kreg.optimizers.SGD(cosine(0.02, steps), momentum=0.9, nesterov=True)


def test_a_weighted_lasso_is_the_lasso_on_rescaled_columns():
    """Groups of one weight: `c_j |w_j|` on x_j is `|v_j|` on `x_j / c_j`, `w_j = v_j / c_j`."""
    x, y = diabetes()
    weights = np.geomspace(0.3, 3, 10)
    fitted = Lasso(alpha=0.04, tol=1e-14, max_iter=10**6).fit(x / weights, y)
    expected = fitted.coef_ / weights
    penalty = kreg.GroupLasso(0.08, axis=-2, weights=weights)
    model = solve(sgd(3000), penalty, x, y, steps=3000)
    w, _ = coefficients(model)
    np.testing.assert_array_equal(w != 0, expected != 0)
    np.testing.assert_allclose(w, expected, atol=1e-4)
    target = y.reshape(-1, 1).astype("float32")
    found = kreg.certificate(model, x.astype("float32"), target)
    assert found.stationarity < 1e-4 and found.gap is None, "a gap is proved for a lasso only"


@pytest.mark.parametrize("adaptive", [0.5, 1.0])
def test_an_adaptive_solution_solves_the_lasso_with_its_own_factors(adaptive):
    x, y = orthonormal()
    least_squares, l1 = x.T @ y / len(x), 0.3
    penalty = kreg.GroupLasso(l1, adaptive=adaptive)
    model = solve(sgd(1500), penalty, x, y, steps=1500)
    w, _ = coefficients(model)
    size = np.abs(w)
    mean = size[size > 0].mean()
    factors = (1.1 * mean / (size + 0.1 * mean)) ** adaptive
    np.testing.assert_allclose(w, soft(least_squares, l1 * factors / 2), atol=1e-4)
    plain = soft(least_squares, l1 / 2)
    largest = np.argmax(np.abs(plain))
    assert abs(w[largest]) > abs(plain[largest]), "what is large is shrunk less"
    assert np.sum(w != 0) <= np.sum(plain != 0), "and what is small goes sooner"
    target = y.reshape(-1, 1).astype("float32")
    assert kreg.certificate(model, x.astype("float32"), target).stationarity < 1e-4


def test_a_large_group_is_found_among_many_small_ones_by_mini_batches():
    """Correlated noise features: the group lasso keeps some, the adaptive one none."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(256, 1))
    x = 0.7 * shared + rng.normal(size=(256, 30))
    y = x[:, :3].sum(axis=1) + 0.5 * rng.normal(size=256)
    selected = {}
    for adaptive in (0.0, 1.0):
        adam = kreg.optimizers.Adam(cosine(0.01, 1500))
        penalty = kreg.GroupLasso(0.2, adaptive=adaptive)
        w, _ = coefficients(solve(adam, penalty, x, y, steps=1500, batch=32))
        selected[adaptive] = list(np.flatnonzero(w))
    assert selected[1.0] == [0, 1, 2]
    assert set(selected[0.0]) > {0, 1, 2}
