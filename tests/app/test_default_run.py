"""The README's command, as a newcomer types it: what it prints, writes and reaches."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PROMISED = {
    "overfit/clean_loss", "overfit/val_clean_loss", "overfit/gap", "penalty/total",
    "penalty/head", "sparsity/total", "sparsity/head",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newcomer")
    command = [sys.executable, str(ROOT / "train.py"), "model=deep", "reg=l1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    (place,) = (folder / "logs" / "digits" / "runs").iterdir()
    return done, place


def test_it_reaches_what_the_readme_says(run):
    result = json.loads((run[1] / "result.json").read_text())
    assert result["status"] == "done"
    assert result["metrics"]["test_clean_accuracy"] >= 0.96
    assert result["sparsity"] > 0.3


def test_nothing_else_stands_on_the_terminal(run):
    lines = run[0].stdout.splitlines()
    assert not run[0].stderr
    assert lines[0].startswith("deep: 59,146 parameters")
    names = [line.split("  ")[0].strip() for line in lines[1:]]
    for name in ("verdict", "best epoch", "clean loss", "val clean loss", "gap", "test accuracy"):
        assert name in names
    for name in ("exact zeros", "penalty", "report"):
        assert name in names
    assert "tensorboard --host 127.0.0.1 --logdir logs/digits/runs/" in lines[-1]
    assert len(lines) <= 14


def test_the_run_directory_is_complete(run):
    there = {path.name for path in run[1].iterdir()}
    promised = {".hydra", "state", "tensorboard", "best.keras", "history.csv", "result.json"}
    assert promised | {"report.json", "report.html"} <= there


def test_the_events_carry_the_promised_tags(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run[1] / "tensorboard")).Reload()
    tags = events.Tags()
    found = set(tags["scalars"]) | set(tags["tensors"]) | set(tags["histograms"])
    assert found >= PROMISED, sorted(found)
    assert any(tag.startswith("weights/") for tag in found)
    assert {"report", "overfit/verdict"} <= {tag.split("/text_summary")[0] for tag in found}


def test_plain_keras_loads_the_best_model(run):
    code = (
        "import keras, kreg, sys\n"
        f"model = keras.models.load_model({str(run[1] / 'best.keras')!r})\n"
        "assert model.count_params() == 59146"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
