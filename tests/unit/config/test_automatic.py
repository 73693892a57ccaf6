"""`stop=auto`: the proved optimum for a convex problem, patience for every other one."""

import re

import pytest

from kreg.config import automatic, earlier_defaults
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job
from kreg.runs.identity import differences

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


def test_the_rate_is_constant_where_nobody_knows_the_end():
    def schedule(*words):
        return compose_job(list(words)).optimizer.schedule

    assert schedule(*LINEAR) == "constant"
    assert schedule(*LINEAR, "optimizer.schedule=cosine") == "cosine"
    assert schedule(*LINEAR, "stop=patience") == schedule("model=deep") == "cosine"


def test_a_linear_run_of_0_1_goes_on_with_patience_and_its_cosine():
    words = [*LINEAR, "trainer.epochs=60", "stop=patience", "optimizer.schedule=cosine"]
    recorded = compose_job(words).to_dict()
    del recorded["trainer"]["steps"]
    recorded["stop"]["average"] = 1
    command = compose_job(LINEAR)
    assert earlier_defaults.current(recorded, command) == command.to_dict()
    begun = earlier_defaults.as_begun(command, recorded)
    assert (begun.stop.kind, begun.optimizer.schedule) == ("patience", "cosine")
    assert begun.trainer.epochs == 60


BOTH = {"classification": 0.04, "regression": 0.07}


@pytest.mark.parametrize(
    ("task", "rate"),
    [("regression", 0.07), ("classification", 0.04), ("binary", 0.04), ("multilabel", 0.04)],
)
def test_a_rate_may_depend_on_the_task(task, rate):
    config = compose_job(["recipe=realmlp", "data=wine"])
    assert config.optimizer.learning_rate == BOTH
    assert automatic.for_task(config, task).optimizer.learning_rate == rate
    typed = compose_job(["recipe=realmlp", "data=wine", "optimizer.learning_rate=0.01"])
    assert automatic.for_task(typed, task) is typed


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("{classification: 0.1}", "a number, or {classification: ..., regression: ...}"),
        ("{classification: 0.1, regression: 0}", "optimizer.learning_rate.regression"),
        ("{classification: 0.1, regression: fast}", "optimizer.learning_rate.regression"),
        ("{}", "a number, or {classification: ..., regression: ...}"),
    ],
)
def test_rates_of_tasks_are_checked(word, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        compose_job(["data=wine", f"optimizer.learning_rate={word}"])


def test_a_run_keeps_the_rate_that_it_began_with():
    config = compose_job(["recipe=realmlp", "data=diabetes"])
    recorded = automatic.for_task(config, "regression").to_dict()
    assert recorded["optimizer"]["learning_rate"] == 0.07
    for rate in (0.07, 0.04):  # 0.04: before there was a rate of a regression
        recorded["optimizer"]["learning_rate"] = rate
        assert not differences(earlier_defaults.current(recorded, config), config.to_dict())
        assert earlier_defaults.as_begun(config, recorded).optimizer.learning_rate == rate
    recorded["optimizer"]["learning_rate"] = 0.05
    found = differences(earlier_defaults.current(recorded, config), config.to_dict())
    assert {key.rpartition("learning_rate")[1] for key in found} == {"learning_rate"}
    assert earlier_defaults.as_begun(config, recorded) is config
