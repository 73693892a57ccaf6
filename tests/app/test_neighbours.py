"""A sweep as Hydra's documentation has it: values in a file, own folders, another directory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.app import here

ROOT = Path(__file__).parents[2]
TABLE = ["data=csv", "data.path=own.csv", "data.test_path=test.csv", "data.target=y",
         "model=linear", "trainer.epochs=2"]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Training and test rows, and an experiment whose values are swept."""
    generator = np.random.default_rng(0)
    for name, rows in (("own.csv", 120), ("test.csv", 40)):
        frame = pd.DataFrame(generator.normal(size=(rows, 3)), columns=["u", "v", "w"])
        frame.assign(y=np.where(frame["u"] > 0, "yes", "no")).to_csv(tmp_path / name, index=False)
    (tmp_path / "opts" / "experiment").mkdir(parents=True)
    space = "# @package _global_\nhydra: {sweeper: {params: {reg.l1: '1e-4,1e-2'}}}\n"
    (tmp_path / "opts" / "experiment" / "space.yaml").write_text(space)
    return tmp_path


def run(folder, *words):
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "200"},
    )


@pytest.mark.slow
def test_a_sweep_of_a_file_in_folders_of_its_own_from_another_directory(folder):
    """S5, S6, S18 at once: `params`, `subdir`, `searchpath` and `chdir` with relative paths."""
    words = ["-m", "hydra.searchpath=[opts]", "experiment=space", *TABLE,
             "hydra.job.chdir=true", "hydra.sweep.dir=mine",
             "hydra.sweep.subdir=s_${reg.l1}"]  # fmt: skip
    ended = run(folder, *words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 runs, 2 done" in ended.stdout
    table = pd.read_csv(folder / "mine" / "sweep.csv")
    assert sorted(table["reg.l1"]) == [1e-4, 1e-2]
    for name in ("s_0.0001", "s_0.01"):
        result = json.loads((folder / "mine" / name / "result.json").read_text())
        assert result["status"] == "done" and "test_clean_accuracy" in result["metrics"]
        config = json.loads((folder / "mine" / name / "config.json").read_text())
        assert config["data"]["path"] == "own.csv", "a copied folder goes on where it is"
    again = run(folder, *words)
    assert again.returncode == 0 and "2 runs, 2 done" in again.stdout


def test_a_single_run_from_another_directory(folder):
    assert here.train(folder, *TABLE, "hydra.job.chdir=true") == 0
    assert len(list(folder.glob("logs/csv/runs/*/result.json"))) == 1


@pytest.mark.slow
def test_a_search_finds_the_curves_of_jobs_in_folders_of_its_own(folder):
    """A search that looked for `<number>_*` saw no curve, and no trial that was ended early."""
    ended = run(folder, "-m", *TABLE, "hparams_search=random", "hydra.sweeper.trials=3",
                "optimizer.learning_rate=interval(1e-3,1e-1)", "hydra.sweep.dir=mine",
                "hydra.sweep.subdir=t${hydra.job.num}")  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = (folder / "mine" / "trials.jsonl").read_text().splitlines()[1:]
    assert [len(json.loads(line)["curve"]) for line in lines] == [2, 2, 2]
