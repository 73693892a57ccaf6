import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kreg import schedules
from kreg.schedules import Cosine, Exponential, Linear, Piecewise

ALL = [
    Linear(0.1, 0.9, duration=10, delay=3),
    Cosine(1.0, 0.0, duration=7),
    Exponential(1.0, 1e-3, duration=5, unit="epoch", steps_per_epoch=4),
    Piecewise([2, 4], [0.3, 0.1, 0.2]),
]


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: s.kind)
@given(t=st.floats(0, 1e6))
def test_values_stay_within_bounds(schedule, t):
    low, high = schedule.bounds()
    assert low - 1e-12 <= schedule(t) <= high + 1e-12


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: s.kind)
def test_config_round_trip_through_json(schedule):
    config = json.loads(json.dumps(schedule.get_config()))
    again = schedules.Schedule.from_config(config)
    assert again == schedule and again.get_config() == schedule.get_config()


@pytest.mark.parametrize("schedule", ALL, ids=lambda s: s.kind)
def test_namespaces_agree(schedule):
    import tensorflow as tf
    from keras import ops

    for t in np.linspace(0, 20, 41, dtype="float32"):
        expected = schedule(t)
        assert math.isclose(
            float(schedule(tf.constant(t), tf)), expected, rel_tol=2e-6, abs_tol=1e-7
        )
        assert math.isclose(
            float(schedule(ops.convert_to_tensor(t), ops)), expected, rel_tol=2e-6, abs_tol=1e-7
        )


def test_closed_forms():
    assert Linear(2.0, 4.0, duration=8, delay=2)(6) == 3.0
    assert math.isclose(Cosine(1.0, 0.0, duration=4)(1), 0.5 * (1 + math.cos(math.pi / 4)))
    assert math.isclose(Exponential(1.0, 1e-4, duration=4)(3), 1e-3)
    assert Piecewise([1.0], [5.0, 6.0])(1.0) == 6.0


def test_an_epoch_schedule_is_constant_within_an_epoch():
    ramp = Linear(0.0, 1.0, duration=4, unit="epoch", steps_per_epoch=10)
    assert [ramp.at_step(s) for s in (0, 9, 10, 19, 20)] == [0.0, 0.0, 0.25, 0.25, 0.5]


def test_an_epoch_schedule_needs_to_know_the_epoch():
    with pytest.raises(ValueError, match="Pass `steps_per_epoch=`"):
        Linear(0.0, 1.0, duration=4, unit="epoch").at_step(3)


def test_get_accepts_numbers_schedules_and_configs_and_checks_all_times():
    assert schedules.get("rate", np.float32(0.5)) == 0.5
    assert schedules.get("rate", ALL[0].get_config(), low=0, high=1) == ALL[0]
    with pytest.raises(ValueError, match=r"`rate`. Expected a finite number in \[0, 1\)"):
        schedules.get("rate", Linear(0.0, 1.0, duration=3), low=0, high=1, high_open=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(0, 1, duration=0), "duration"),
        (lambda: Linear(0, math.nan, duration=1), "end"),
        (lambda: Exponential(0, 1, duration=1), "start"),
        (lambda: Piecewise([2, 2], [1, 2, 3]), "strictly increasing"),
        (lambda: Piecewise([2], [1]), "Expected 2 numbers"),
        (lambda: Linear(0, 1, duration=1, unit="batch"), "one of 'step', 'epoch'"),
        (lambda: schedules.Schedule.from_config({"kind": "liner"}), "Did you mean 'linear'"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
