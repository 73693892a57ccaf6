"""The `reg` group: every kind builds its penalty with the strengths that were asked for."""

import pytest

import kreg
from kreg.factories import reg as build
from kreg.regularizers import options


@pytest.mark.parametrize("kind", sorted(options.KINDS))
def test_defaults_build(kind):
    cfg = options.KINDS[kind]()
    penalty = build.rules(cfg)
    if kind == "none":
        assert penalty is None
        return
    for name in penalty.strength_names():
        assert getattr(penalty, name) == getattr(cfg, name) > 0


def test_groups_choose_the_axis():
    assert build.rules(options.GroupLassoOptions(groups="inputs")).axis == -2
    assert build.rules(options.GroupLassoOptions(groups="outputs")).axis == -1


def test_a_group_penalty_can_be_adaptive():
    assert build.rules(options.GroupLassoOptions()).adaptive == 0
    assert build.rules(options.GroupLassoOptions(adaptive=1.0)).adaptive == 1


def test_epoch_schedules_get_the_length_of_an_epoch():
    ramp = {"kind": "linear", "start": 0.0, "end": 1.0, "duration": 2, "unit": "epoch"}
    penalty = build.rules(options.L1Options(l1=ramp), steps_per_epoch=10)
    assert isinstance(penalty.l1, kreg.schedules.Linear)
    assert [penalty.l1.at_step(s) for s in (0, 9, 10, 25)] == [0.0, 0.0, 0.5, 1.0]
