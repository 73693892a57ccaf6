"""`stop.average=auto`: five with patience and refine, one in a sentence where that cannot be."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import pytest

from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.training import app, averaging
from kreg.training.options import LoraOptions
from kreg.training.stop_options import AUTO

SMALL = ["data=breast_cancer", "model=shallow", "reg=none", "trainer.epochs=6", "logger=none"]
QUIET = ["trainer.verbose=quiet", "diagnostics.probe_training=false"]


def plan(units=2, ema=False):
    """As much of a training as decides."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    model.compile(keras.optimizers.Adam(use_ema=ema), "mse")
    model.optimizer.build(model.trainable_variables)
    return SimpleNamespace(model=model)


def settled(*words, **made):
    config = compose_job(["model=shallow", *words])
    rule, why = averaging.settled(config.stop, plan(**made), config)
    return rule.average, why


@pytest.mark.parametrize("words", [[], ["stop=patience"], ["stop=refine"], ["stop.patience=3"]])
def test_the_default_is_a_mean_of_five(words):
    assert compose_job(["model=shallow", *words]).stop.average == AUTO
    assert settled(*words) == (5, "")


@pytest.mark.parametrize(
    "words",
    [["stop=default"], ["stop=textbook"], ["stop=gl"], ["stop=best"], ["stop.restore=none"],
     ["stop.dry_run=true"]],
)  # fmt: skip
def test_other_rules_and_what_restores_nothing_are_as_they_were(words):
    assert settled(*words) == (1, "")


def test_without_a_rule_there_is_nothing_to_settle():
    config = compose_job(["stop=none"])
    assert averaging.settled(config.stop, plan(), config) == (config.stop, "")


@pytest.mark.parametrize("average", [1, 3, 7])
def test_a_number_that_is_typed_wins_and_nothing_is_said(average):
    words = [f"stop.average={average}", "stop.monitor=val_accuracy"]
    assert settled(*words, units=10**6, ema=True) == (average, "")


OBSTACLES = {
    "averages the weights itself": ([], {"ema": True}),
    "13 copies of the weights would take 248.0 MiB, more than 16.0 MiB": ([], {"units": 10**6}),
    "a mean is not measured by val_accuracy": (["stop.monitor=val_accuracy"], {}),
}


@pytest.mark.parametrize("why", OBSTACLES)
def test_where_a_mean_cannot_be_had_a_sentence_says_so(why):
    words, made = OBSTACLES[why]
    average, said = settled(*words, **made)
    assert average == 1 and why in said
    assert said.startswith("stop.average=auto restores the best epoch alone: ")


def test_the_factors_of_low_ranks_have_no_mean():
    config = replace(compose_job(["model=shallow"]), finetune=LoraOptions())
    rule, why = averaging.settled(config.stop, plan(), config)
    assert rule.average == 1 and "no low rank's mean" in why


def test_copies_of_optimizer_and_seeds_count_where_they_are_restored():
    model = plan(units=6).model
    assert averaging.size(model, "weights") == 4 * (4 * 6 + 6)
    assert averaging.size(model, "all") == 4 * 3 * (4 * 6 + 6) + 8 + 4  # iterations and rate


def test_the_sentence_stands_under_the_line_before_the_training(capsys):
    app.run(compose_job([*SMALL, "check=true", "optimizer.ema=0.9"]), None)
    assert "optimizer averages the weights itself" in capsys.readouterr().out
    app.run(compose_job([*SMALL, "check=true"]), None)
    assert "stop.average" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_says_which_epochs_its_weights_are_of(tmp_path):
    app.run(compose_job([*SMALL, *QUIET, "optimizer.learning_rate=0.05"]), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    assert "the mean of epochs" in result["stop_sentence"]
    assert RunDirectory(tmp_path / "run").read_json("config.json")["stop"]["average"] == AUTO
    app.run(compose_job([*SMALL, *QUIET, "stop.average=1"]), tmp_path / "alone")
    alone = RunDirectory(tmp_path / "alone").result
    assert alone["averaged_epochs"] == [] and "mean of epochs" not in (alone["stop_sentence"] or "")
