"""Factors of a group lasso: the user's own, and those that follow the groups' norms."""

import keras
import numpy as np
import pytest

import kreg

W = np.random.default_rng(0).normal(size=(4, 3)) * [[3.0], [1.0], [0.1], [0.0]]
FACTORS = [1.0, 0.0, 2.0, 3.0]


def factors(penalty, w):
    return np.asarray(penalty.factors(keras.ops.convert_to_tensor(w))).ravel()


def test_the_value_counts_each_group_by_its_weight():
    expected = 0.5 * np.sqrt(3) * np.linalg.norm(W, axis=1) @ FACTORS
    assert float(kreg.GroupLasso(0.5, weights=FACTORS).value(W)) == pytest.approx(expected)


def test_weights_scale_the_strength_group_by_group():
    whole = np.asarray(kreg.GroupLasso(0.2, weights=FACTORS).prox(W, 0.7))
    for row, w, weight in zip(whole, W, FACTORS, strict=True):
        alone = kreg.GroupLasso(0.2 * weight).prox(w.reshape(1, -1), 0.7)
        np.testing.assert_allclose(row, np.asarray(alone)[0])
    assert np.all(whole[1] == W[1]), "weight 0 means free"


def test_weights_lie_along_the_axis_of_a_convolution():
    kernel = np.random.default_rng(1).normal(size=(2, 2, 3, 4))
    for axis, count in ((-1, 4), (-2, 3)):
        removed = kreg.GroupLasso(1e3, axis, weights=[0] + [1] * (count - 1)).prox(kernel)
        alive = np.any(np.asarray(removed) != 0, axis=tuple({0, 1, 2, 3} - {4 + axis}))
        assert list(alive) == [True] + [False] * (count - 1)


def test_adaptive_factors_are_the_formula_on_the_mean_of_what_is_not_zero():
    norms = np.linalg.norm(W, axis=1)
    mean = norms[:3].mean()
    for power in (0.5, 1, 2):
        expected = (1.1 * mean / (norms + 0.1 * mean)) ** power
        np.testing.assert_allclose(factors(kreg.GroupLasso(adaptive=power), W), expected)
    assert factors(kreg.GroupLasso(adaptive=1), W)[3] == pytest.approx(11)


def test_adaptive_factors_do_not_know_the_scale_and_are_one_where_all_is_equal_or_zero():
    penalty = kreg.GroupLasso(adaptive=1)
    np.testing.assert_allclose(factors(penalty, 1e-3 * W), factors(penalty, W))
    for same in (np.ones((4, 3)), np.zeros((4, 3))):
        np.testing.assert_allclose(factors(penalty, same), 1.0)


def test_an_adaptive_prox_is_the_weighted_one_with_the_factors_at_its_argument():
    adaptive = kreg.GroupLasso(0.3, adaptive=1, weights=FACTORS)
    fixed = kreg.GroupLasso(0.3, weights=factors(adaptive, W))
    np.testing.assert_allclose(np.asarray(adaptive.prox(W)), np.asarray(fixed.prox(W)))
    assert float(adaptive.value(W)) == pytest.approx(float(fixed.value(W)))


def test_power_zero_is_the_group_lasso():
    plain, zero = kreg.GroupLasso(0.3), kreg.GroupLasso(0.3, adaptive=0, weights=[1] * 4)
    np.testing.assert_array_equal(np.asarray(plain.prox(W)), np.asarray(zero.prox(W)))


def test_a_group_of_weight_zero_has_no_largest_strength():
    assert kreg.GroupLasso(1.0, weights=[0, 1, 1, 1]).strength_max(W) == np.inf
    first_is_still = np.where(np.arange(4)[:, None] == 0, 0.0, W)
    assert np.isfinite(kreg.GroupLasso(1.0, weights=[0, 1, 1, 1]).strength_max(first_is_still))


@pytest.mark.parametrize("bad", [[-1.0], [np.nan], [], 2.0, "ab", [[1.0]], ["a"]])
def test_bad_weights_are_refused_in_a_sentence(bad):
    with pytest.raises(ValueError, match="`weights`. Expected None or a list of numbers >= 0"):
        kreg.GroupLasso(weights=bad)


def test_a_wrong_number_of_weights_is_refused_before_training():
    layers = [keras.layers.Dense(3), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    with pytest.raises(ValueError, match="3 numbers, one for each group.*Give each layer"):
        kreg.regularize(model, kreg.GroupLasso(0.1, weights=[1, 1, 1, 1]))
    with pytest.raises(ValueError, match="`adaptive`"):
        kreg.GroupLasso(adaptive=-1)
