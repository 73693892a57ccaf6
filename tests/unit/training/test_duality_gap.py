"""The duality gap in the unit of guessing."""

import keras
import numpy as np
import pytest

import kreg
from kreg.training.duality_gap import DualityGap

N, L2 = 200, 0.5
X = np.random.default_rng(0).normal(size=(N, 1))
X = ((X - X.mean()) / X.std()).astype("float32")


def compiled(y, penalty):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_regularizer=penalty)])
    model.compile(kreg.optimizers.SGD(0.1), "mse")
    model.layers[0].set_weights([np.zeros((1, 1)), np.array([y.mean()])])
    gap = DualityGap((X, y))
    return model, gap


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_the_share_of_a_ridge_at_zero_is_its_r_squared_shrunk(unit):
    y = unit * (2 * X[:, 0] + np.random.default_rng(1).normal(size=N))
    r = np.corrcoef(X[:, 0], y)[0, 1]
    model, gap = compiled(y, kreg.L2(L2))
    assert gap.proves(model)
    found, share = gap.measure()
    assert share == pytest.approx(r**2 / (1 + L2), rel=1e-3)
    assert found == pytest.approx(share * y.var(), rel=1e-6)


def test_at_the_optimum_nothing_is_left_to_gain():
    y = 2 * X[:, 0] + 5
    model, gap = compiled(y, kreg.L2(L2))
    assert gap.proves(model)
    model.layers[0].set_weights([np.array([[2 / (1 + L2)]]), np.array([y.mean()])])
    assert 0 <= gap.measure()[1] < gap.near


def jittering(penalty, **how):
    """A model that mini-batches have left near its optimum, and its gap."""
    y = 2 * X[:, 0] + 5
    model, gap = compiled(y, penalty)
    gap = DualityGap((X, y), near=1e-2, **how)
    assert gap.proves(model)
    gap.set_model(model)
    model.layers[0].set_weights([np.array([[2 / (1 + L2) + 0.05]]), np.array([y.mean()])])
    return model, gap


def test_where_the_gap_is_near_the_training_ends_at_the_optimum_itself():
    model, gap = jittering(kreg.L2(L2), finish=True)
    assert 1e-4 < gap.measure()[1] < gap.near
    logs = {}
    gap.on_epoch_end(0, logs)
    assert logs["duality_gap_share"] < 1e-6 and gap.measure()[1] == logs["duality_gap_share"]
    kernel, bias = model.layers[0].get_weights()
    np.testing.assert_allclose(kernel, 2 / (1 + L2), rtol=1e-4)
    np.testing.assert_allclose(bias, 5, rtol=1e-4)


def test_far_from_the_optimum_or_unasked_the_weights_are_the_trainings():
    for how, near in (({}, 1e-2), ({"finish": True}, 1e-6)):
        model, gap = jittering(kreg.L2(L2), **how)
        gap.near = near
        before = model.layers[0].get_weights()
        gap.on_epoch_end(0, {})
        np.testing.assert_array_equal(model.layers[0].get_weights()[0], before[0])


def test_the_moving_average_of_an_optimizer_is_left_as_it_is():
    model, gap = jittering(kreg.L2(L2), finish=True)
    model.compile(kreg.optimizers.SGD(0.1, use_ema=True), "mse")
    before = model.layers[0].get_weights()
    gap.on_epoch_end(0, {})
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], before[0])


def test_there_is_no_share_of_nothing():
    model, gap = compiled(np.full(N, 3.0), kreg.L2(L2))
    assert not gap.proves(model) and gap.measure() is None
    model, gap = compiled(X[:, 0], None)
    assert not gap.proves(model)
