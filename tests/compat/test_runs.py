"""Run directories of earlier versions: finished ones stay finished, interrupted ones go on."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import kreg
from tests.faults.outcome import tensorboard_steps

CLOSE = {"rtol": 1e-5, "atol": 1e-7}  # kernels differ between processors
BEFORE = 7  # epochs of the interrupted run
OF_THE_STEPS = ("epoch", "loss", "accuracy", "sparsity", "rate/dropout")


def columns(path: Path) -> dict[str, np.ndarray]:
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def test_a_finished_run_answers_that_it_is_finished(unpacked):
    run = unpacked("finished")
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    done = run.train()
    assert done.returncode == 0, done.stderr
    assert "already finished" in done.stdout and "report.html" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}


def test_another_command_is_told_what_has_changed(unpacked):
    run = unpacked("finished")
    done = run.train("seed=3")
    assert done.returncode == 2 and "seed was 0 and is 3" in done.stderr, done.stderr


def test_an_interrupted_run_ends_like_the_one_that_was_not(unpacked):
    fixture = unpacked("interrupted")
    done = fixture.train()
    assert done.returncode == 0, done.stderr
    assert "continuing" in done.stdout and "going on after epoch" in done.stdout
    check_history(fixture)
    check_weights(fixture)
    check_result(fixture)
    check_events(fixture)


def check_history(fixture):
    """The training goes on as it was. What is measured after it is of the averaged weights.

    The run has `optimizer.ema`, and 0.1 measured the weights of the steps.
    """
    found = columns(fixture.only("logs/*/runs/*/history.csv"))
    expected = columns(fixture.folder / "expected" / "history.csv")
    assert expected.keys() <= found.keys()
    for name, values in expected.items():
        known = len(values) if name in OF_THE_STEPS else BEFORE
        np.testing.assert_allclose(found[name][:known], values[:known], err_msg=name, **CLOSE)


def check_weights(fixture):
    model = kreg.load_model(fixture.only("logs/*/runs/*/best.keras"))
    expected = np.load(fixture.folder / "expected" / "weights.npz")
    found = model.get_weights()
    assert len(found) == len(expected.files)
    for weight, name in zip(found, expected.files, strict=True):
        np.testing.assert_allclose(weight, expected[name], **CLOSE)
        assert np.array_equal(weight == 0, expected[name] == 0), name


def check_result(fixture):
    found = json.loads(fixture.only("logs/*/runs/*/result.json").read_text())
    expected = json.loads((fixture.folder / "expected" / "result.json").read_text())
    expected["params"] -= 1  # 0.1 counted the step counter of the noise layer, whose rate rises
    same = ("status", "stop_reason", "epochs", "best_epoch", "restored", "params", "sparsity")
    assert {key: found[key] for key in same} == {key: expected[key] for key in same}
    for name, value in expected["metrics"].items():
        assert found["metrics"][name] == pytest.approx(value, rel=1e-5, abs=1e-6), name


def check_events(fixture):
    """Each tag goes on where it was: no gap, no double, under the name that it had."""
    found = tensorboard_steps(fixture.only("logs/*/runs/*/result.json").parent)
    expected = json.loads((fixture.folder / "expected" / "steps.json").read_text())
    assert {tag: found.get(tag) for tag in expected} == expected


def test_the_models_of_runs_load(unpacked):
    run = unpacked("finished")
    model = kreg.load_model(run.only("run/best.keras"))
    zeros = kreg.sparsity(model).fraction
    assert zeros == json.loads(run.only("run/result.json").read_text())["sparsity"] > 0


def test_the_events_of_a_run_are_read(unpacked):
    run = unpacked("finished")
    report = kreg.report(run.folder / "run" / "tensorboard")
    written = kreg.report(run.folder / "run")
    assert report.state == written.state
    assert report.document["verdict"]["best_epoch"] == written.document["verdict"]["best_epoch"]


def test_a_finished_run_answers_for_new_rows(unpacked):
    """It has kept no calibration and no words of its own, and says so where that matters."""
    run = kreg.load_run(unpacked("finished").folder / "run")
    x = np.zeros((3, *run.kept.data["input_shape"]), run.model.inputs[0].dtype)
    found = run.predict(x)
    assert set(found["prediction"]) <= set(run.classes) and not found["reason"].any()
    with pytest.raises(ValueError, match="kreg 0.1 has trained it"):
        run.predict(x, uncertainty="conformal")
