"""Hopeless trials of a search end early, in every launcher: the journal knows the others."""

import json
import math

import pytest

from kreg import sweeps
from kreg.metric_names import direction
from kreg.sweeps import median_stopping, sweeper
from kreg.sweeps.study import Choice, Study
from tests.unit.sweeps.test_launching import run_train

OTHERS = [[9.0, last, last] for last in (1.0, 2.0, 3.0, 4.0, 5.0)]


def journal(folder, curves, value=1.0):
    study = Study({"x": Choice((1, 2))}, folder / median_stopping.JOURNAL, sampler="random")
    for curve in curves:
        study.tell(study.ask(), value, curve)


@pytest.mark.parametrize(
    ("curve", "hopeless"),
    [([9.0, 3.5], True), ([9.0, 2.5], False), ([2.5, 9.0], False), ([9.0], False)],
)
def test_the_rule_compares_best_values_with_the_median_at_the_same_epoch(curve, hopeless):
    assert median_stopping.worse_than_half(curve, OTHERS) is hopeless
    assert not median_stopping.worse_than_half(curve, OTHERS[:4])


def test_shorter_curves_say_nothing():
    assert not median_stopping.worse_than_half([9.0, 9.0, 9.0, 9.0], OTHERS)


def test_a_job_reads_the_curves_of_the_others_from_the_journal(tmp_path):
    journal(tmp_path, OTHERS)
    hopeless = median_stopping.rule({"prune": True}, tmp_path, "val_clean_loss")
    assert hopeless([9.0, 3.5])
    assert not hopeless([9.0, 2.5])


def test_failed_trials_do_not_count(tmp_path):
    journal(tmp_path, OTHERS, value=math.inf)
    assert median_stopping.known_curves(tmp_path / median_stopping.JOURNAL) == []


@pytest.mark.parametrize(
    ("settings", "objective"),
    [({}, "val_clean_loss"), ({"prune": False}, "val_clean_loss"), ({"prune": True}, "sparsity")],
)
def test_nothing_is_pruned_outside_of_a_search_or_for_another_objective(
    settings, objective, tmp_path
):
    assert median_stopping.rule(settings, tmp_path, objective) is None


def test_a_curve_is_read_from_the_jobs_history(tmp_path):
    folder = tmp_path / "7_abcdef"
    folder.mkdir()
    (folder / "history.csv").write_text("epoch,loss,val_clean_loss\n1,2.0,1.5\n2,1.0,\n3,1.0,0.5\n")
    assert sweeper.curve_of(folder) == [1.5, 0.5]
    assert sweeper.curve_of(tmp_path / "8_abcdef") == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("pruned", {"value": 0.5, "pruned": True}), ("completed", {"value": 0.9, "pruned": False})],
)
def test_a_pruned_job_is_worth_its_smallest_loss_and_never_the_best(reason, expected, tmp_path):
    folder = tmp_path / "7_abcdef"
    folder.mkdir()
    (folder / "history.csv").write_text("epoch,val_clean_loss\n1,1.5\n2,0.5\n3,0.7\n")
    (folder / "result.json").write_text(json.dumps({"stop_reason": reason}))
    told = sweeper.worth(folder, 0.9)
    assert told == {**expected, "curve": [1.5, 0.5, 0.7]}
    study = Study({"x": Choice((1, 2))}, tmp_path / median_stopping.JOURNAL, sampler="random")
    study.tell(study.ask(), **told)
    assert (study.best is None) == (reason == "pruned")


@pytest.mark.parametrize(("name", "sign"), [("val_clean_loss", 1), ("val_clean_accuracy", -1)])
def test_a_search_minimises_what_is_better_smaller_and_maximises_the_rest(name, sign):
    class Result:
        _return_value = 0.9

    assert direction(name) == ("max" if sign < 0 else "min")
    assert sweeper.value_of(Result, sign) == sign * 0.9
    Result._return_value = math.inf  # what a job returns whose objective is not finite
    assert sweeper.value_of(Result, -1.0) == math.inf


@pytest.mark.slow
def test_hydra_prunes_a_hopeless_trial_and_says_so(tmp_path):
    search = ["-m", "hparams_search=random", "hydra.sweeper.trials=10", "model=linear", "reg=none"]
    small = ["trainer.epochs=8", "stop=none", "optimizer.learning_rate=1e-6,0.01"]
    finished = run_train(tmp_path, *search, *small, f"hydra.sweep.dir={tmp_path / 'out'}")
    assert finished.returncode == 0, finished.stderr
    lines = [line for line in finished.stderr.splitlines() if line.startswith("kreg: job")]
    assert len(lines) == 10
    results = [json.loads(p.read_text()) for p in (tmp_path / "out").glob("*/result.json")]
    pruned = [result for result in results if result["stop_reason"] == "pruned"]
    assert pruned and len(pruned) == sum("pruned" in line for line in lines)
    assert all(result["epochs"] == 3 for result in pruned)
    assert all("half of the other settings" in result["stop_sentence"] for result in pruned)
    best = sweeps.collect(tmp_path / "out").done.iloc[0]
    assert best["optimizer.learning_rate"] == 0.01
