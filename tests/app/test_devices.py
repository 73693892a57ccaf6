"""`distribute=mirrored`: two devices train the model of one: weights, zeros, numbers and end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.compared import same_bits, same_training

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
    same_training(two, one, before=12)


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
    same_bits(folder, whole)


def test_one_device_is_said_and_trains_as_without(tmp_path):
    few = ("trainer.epochs=2", "stop=none")
    told = run(tmp_path / "asked", "distribute=mirrored", *few, program=(str(ROOT / "train.py"),))
    plain = run(tmp_path / "plain", *few, program=(str(ROOT / "train.py"),))
    assert told.returncode == plain.returncode == 0, told.stderr
    assert "TensorFlow sees one device here" in told.stdout + told.stderr
    same_bits(tmp_path / "asked", tmp_path / "plain")
