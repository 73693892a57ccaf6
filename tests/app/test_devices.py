"""`distribute=mirrored`: two devices train the model of one: weights, zeros, numbers and end."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kreg
from kreg.runs import RunDirectory

ROOT = Path(__file__).parents[2]
SPLIT = """
import sys
from tests import two_cpus
two_cpus.split()
from kreg.launch import program
sys.exit(program.main(sys.argv[1:]))
"""
WORDS = [
    "data=digits", "model=shallow", "model.width=16", "reg=elasticnet", "reg.l1=1e-3",
    "trainer.batch_size=101", "optimizer.clipnorm=1", "trainer.device=cpu",
]  # fmt: skip
STOPS = [
    "trainer.epochs=12", "stop=patience", "stop.patience=1", "stop.min_delta=4%",
    "stop.average=1",
]  # fmt: skip
CONSTANT = ["optimizer.schedule=constant", "optimizer.warmup=0"]  # can be made longer

pytestmark = pytest.mark.slow


def run(folder, *words, program=("-c", SPLIT)):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, *program, *WORDS, *words, f"hydra.run.dir={folder}"]
    return subprocess.run(
        command, cwd=folder.parent, env=environment, text=True, capture_output=True
    )


def weights(folder):
    return [np.asarray(w) for w in kreg.load_model(folder / "best.keras").get_weights()]


def history(folder):
    with open(folder / "history.csv") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two") / "run"
    finished = run(folder, "distribute=mirrored", *STOPS)
    assert finished.returncode == 0, finished.stderr
    return folder


def test_two_devices_train_the_model_of_one(two, tmp_path):
    one = tmp_path / "one"
    finished = run(one, *STOPS, "trainer.jit_compile=false", program=(str(ROOT / "train.py"),))
    assert finished.returncode == 0, finished.stderr
    for ours, theirs in zip(weights(two), weights(one), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(ours == 0, theirs == 0)
    assert len(history(two)) == len(history(one)) < 12
    for ours, theirs in zip(history(two), history(one)):
        assert ours.keys() == theirs.keys() and "loss" in ours and "accuracy" in ours
        for name in ours:
            assert float(ours[name]) == pytest.approx(float(theirs[name]), rel=1e-5, abs=1e-5), name
    results = [RunDirectory(folder).result for folder in (two, one)]
    for key in ("verdict", "stop_reason", "best_epoch", "epochs", "sparsity"):
        assert results[0][key] == results[1][key], key


def test_a_run_on_two_devices_goes_on_bit_for_bit(tmp_path):
    """The second half of a training whose first half another process has left."""
    folder, whole = tmp_path / "half", tmp_path / "whole"
    longer = ("distribute=mirrored", "stop=none", *CONSTANT)
    begun = run(folder, *longer, "trainer.epochs=3")
    assert begun.returncode == 0, begun.stderr
    goes_on = run(folder, *longer, "trainer.epochs=6")
    assert goes_on.returncode == 0, goes_on.stderr
    assert "going on after epoch 3" in goes_on.stdout + goes_on.stderr
    assert run(whole, *longer, "trainer.epochs=6").returncode == 0
    for ours, theirs in zip(weights(folder), weights(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_device_is_said_and_trains_as_without(tmp_path):
    few = ("trainer.epochs=2", "stop=none")
    told = run(tmp_path / "asked", "distribute=mirrored", *few, program=(str(ROOT / "train.py"),))
    plain = run(tmp_path / "plain", *few, program=(str(ROOT / "train.py"),))
    assert told.returncode == plain.returncode == 0, told.stderr
    assert "TensorFlow sees one device here" in told.stdout + told.stderr
    for ours, theirs in zip(weights(tmp_path / "asked"), weights(tmp_path / "plain"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
