"""Strengths that change: by schedule, by hand, saved, never with a new trace."""

import keras
import numpy as np
import pytest

import kreg
from tests.unit.optimizers.problems import (
    assert_solved,
    coefficients,
    fit,
    linear_model,
    orthonormal,
    solve,
)

Linear = kreg.schedules.Linear


class CountingL1(kreg.L1):
    """Counts how often its value is computed in Python: once a trace."""

    calls = 0

    def __call__(self, w):
        CountingL1.calls += 1
        return super().__call__(w)


def compiled(penalty, optimizer=None, **compile):
    model = linear_model(8, penalty)
    model.compile(optimizer or kreg.optimizers.SGD(0.2), "mse", **compile)
    return model


@pytest.mark.parametrize("jit", [False, True])
def test_a_new_strength_between_fits_solves_the_new_problem_without_a_new_trace(jit):
    penalty = CountingL1(0.8)
    model = compiled(penalty, jit_compile=jit)
    fit(model)
    traced = CountingL1.calls
    for l1 in (0.3, 0.1, 0.6):
        penalty.l1 = l1
        fit(model)
        assert_solved(model, l1)
    model.optimizer.set_strengths(l1=0.2)
    fit(model)
    assert_solved(model, 0.2)
    assert penalty.l1 == 0.2 and CountingL1.calls == traced


def test_the_reported_penalty_follows():
    penalty = kreg.L1(0.3)
    model = compiled(penalty, kreg.optimizers.SGD(1e-6))
    before = fit(model, 1).history["loss"][0]
    size = np.abs(coefficients(model)[0]).sum()
    penalty.l1 = 1.3
    after = fit(model, 1).history["loss"][0]
    assert after - before == pytest.approx(size, rel=1e-3)


def test_set_strengths_names_what_there_is():
    model = compiled(kreg.L1(0.3))
    fit(model, 1)
    with pytest.raises(ValueError, match=r"one of \['l1'\].*'l2'"):
        model.optimizer.set_strengths(l2=0.1)
    with pytest.raises(ValueError, match="`l1`"):
        model.optimizer.set_strengths(l1=-0.1)


def strength_now(model):
    return next(iter(model.optimizer.strengths().values()))["l1"]


@pytest.mark.parametrize("accumulate", [None, 2])
def test_a_schedule_moves_by_optimizer_steps(accumulate):
    optimizer = kreg.optimizers.SGD(0.2, gradient_accumulation_steps=accumulate)
    model = compiled(kreg.L1(Linear(0.0, 1.0, duration=10)), optimizer)
    fit(model, 4)
    assert strength_now(model) == pytest.approx(0.4 / (accumulate or 1))
    fit(model, 40)
    assert strength_now(model) == 1.0


def test_an_epoch_schedule_moves_at_epoch_borders():
    ramp = Linear(0.0, 1.0, duration=2, unit="epoch", steps_per_epoch=3)
    model = compiled(kreg.L1(ramp))
    fit(model, 2)
    assert strength_now(model) == 0.0
    fit(model, 1)
    assert strength_now(model) == 0.5


def test_the_end_of_a_schedule_is_the_constant_problem():
    model = compiled(kreg.L1(Linear(0.0, 0.3, duration=50)))
    fit(model, 300)
    assert_solved(model)


def test_a_schedule_of_l2_reaches_the_gradient():
    ramp = kreg.L2(Linear(0.0, 0.5, duration=20))
    scheduled = coefficients(solved_by(ramp))[0]
    constant = coefficients(solved_by(kreg.L2(0.5)))[0]
    np.testing.assert_allclose(scheduled, constant, atol=1e-6)


def solved_by(penalty):
    model = compiled(penalty)
    fit(model, 300)
    return model


def test_an_epoch_schedule_needs_the_length_of_an_epoch():
    model = compiled(kreg.L1(Linear(0.0, 1.0, duration=2, unit="epoch")))
    with pytest.raises(ValueError, match="Pass `steps_per_epoch=`"):
        fit(model, 1)


def test_a_constant_cannot_become_a_schedule_unnoticed():
    penalty = kreg.L1(0.1)
    model = compiled(penalty)
    fit(model, 1)
    with pytest.raises(ValueError, match="cannot become or stop being a schedule"):
        penalty.l1 = Linear(0.0, 1.0, duration=2)


def test_a_schedule_survives_saving_and_goes_on(tmp_path):
    model = compiled(kreg.L1(Linear(0.0, 1.0, duration=10)))
    fit(model, 4)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert strength_now(loaded) == pytest.approx(0.4)
    for one in (model, loaded):
        fit(one, 3)
        assert strength_now(one) == pytest.approx(0.7)
    np.testing.assert_array_equal(coefficients(model)[0], coefficients(loaded)[0])


def test_the_configured_strength_wins_over_the_saved_one(tmp_path):
    fitted = compiled(kreg.L1(0.8))
    fit(fitted, 1)
    fitted.save_weights(tmp_path / "state.weights.h5")
    fresh = compiled(kreg.L1(0.3))
    fit(fresh, 1)
    fresh.load_weights(tmp_path / "state.weights.h5")
    assert strength_now(fresh) == pytest.approx(0.3)


def test_strength_zero_is_the_bare_optimizer():
    ours = solve(kreg.optimizers.Adam(0.05), kreg.L1(0.0), *orthonormal(), steps=50, execution=1)
    theirs = solve(keras.optimizers.Adam(0.05), None, *orthonormal(), steps=50, execution=1)
    np.testing.assert_allclose(coefficients(ours)[0], coefficients(theirs)[0], atol=1e-6)
