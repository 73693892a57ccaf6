"""The `reg` group: every kind builds its penalty with the strengths that were asked for."""

import pytest

import kreg
from kreg.config import reg as config
from kreg.factories import reg as build


def test_every_kind_but_none_has_a_constructor():
    assert set(build.KINDS) == set(config.KINDS) - {"none"}


@pytest.mark.parametrize("kind", sorted(config.KINDS))
def test_defaults_build(kind):
    cfg = config.KINDS[kind]()
    penalty = build.rules(cfg)
    if kind == "none":
        assert penalty is None
        return
    for name in penalty.strength_names():
        assert getattr(penalty, name) == getattr(cfg, name) > 0


def test_groups_choose_the_axis():
    assert build.rules(config.Group(groups="inputs")).axis == -2
    assert build.rules(config.Group(groups="outputs")).axis == -1


def test_a_group_penalty_can_be_adaptive():
    assert build.rules(config.Group()).adaptive == 0
    assert build.rules(config.Group(adaptive=1.0)).adaptive == 1


def test_epoch_schedules_get_the_length_of_an_epoch():
    ramp = {"kind": "linear", "start": 0.0, "end": 1.0, "duration": 2, "unit": "epoch"}
    penalty = build.rules(config.L1(l1=ramp), steps_per_epoch=10)
    assert isinstance(penalty.l1, kreg.schedules.Linear)
    assert [penalty.l1.at_step(s) for s in (0, 9, 10, 25)] == [0.0, 0.0, 0.5, 1.0]
