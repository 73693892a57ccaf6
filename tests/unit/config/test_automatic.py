"""`stop=auto`: the proved optimum for a convex problem, patience for every other one."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job

LINEAR = ["data=wine", "model=linear", "reg=l2"]


def kind(*words):
    config = compose_job(list(words))
    assert config.to_dict()["stop"]["kind"] == config.stop.kind
    return config.stop.kind


@pytest.mark.parametrize("reg", ["l1", "l2", "elasticnet"])
def test_a_convex_problem_is_solved(reg):
    assert kind(*LINEAR, f"reg={reg}") == "gap"


@pytest.mark.parametrize(
    "words",
    [
        ["model=deep"],
        ["reg=none"],
        ["reg.l2=0"],
        ["reg.l2={kind: linear, start: 0, end: 1, duration: 5}"],
        ["dropout=light"],
        ["trainer.epochs=60"],
        ["trainer.steps=100"],
        ["stop.patience=5"],
        ["stop=patience"],
        ["optimizer=adamw"],
    ],
)
def test_what_is_typed_or_not_convex_is_stopped_by_patience(words):
    assert kind(*LINEAR, *words) == "patience"
    assert compose_job([*LINEAR, "stop.patience=5"]).stop.patience == 5


def test_a_gap_that_nobody_can_prove_is_refused():
    with pytest.raises(ConfigError, match=r"stop=gap needs a convex problem, but model=deep"):
        compose_job(["stop=gap"])
    assert kind(*LINEAR, "stop=gap", "trainer.epochs=60", "stop.share=0.01") == "gap"
