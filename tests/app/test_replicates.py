"""Folds and seeds from the command line to the answer: one command, one mean, one test score."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
WINE = ["data=wine", "model=shallow", "model.width=8", "trainer.epochs=3",
        "logger=none", "diagnostics.probe_training=false"]  # fmt: skip


def train(folder: Path, *words: str) -> tuple[str, list[dict]]:
    """What a command prints, and the results of its jobs."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *WINE, *words, "hydra.sweep.dir=out"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "180"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    places = sorted((folder / "out").glob("*/result.json"))
    return done.stdout, [json.loads(place.read_text()) for place in places]


@pytest.mark.slow
def test_folds_need_no_flag_and_end_in_one_mean(tmp_path):
    printed, results = train(tmp_path, "data.folds=2", "seeds=2")
    losses = [result["metrics"]["fold_clean_loss"] for result in results]
    assert len(losses) == 4 and all(r["objective_name"] == "fold_clean_loss" for r in results)
    said = "".join(line for line in printed.splitlines() if line.startswith("fold_clean_loss"))
    mean, error = map(float, re.findall(r"\d\.\d+", said))
    assert mean == pytest.approx(np.mean(losses), rel=1e-3)
    assert error == pytest.approx(np.std(losses, ddof=1) / 2, rel=0.06)
    assert "4 pairs of seed and fold" in said and "On the test rows, which chose nothing" in printed
    sizes = [json.loads(p.read_text())["sizes"] for p in (tmp_path / "out").glob("*/data.json")]
    assert all(sum(size.values()) == 178 and size["test"] == 27 for size in sizes)


@pytest.mark.slow
def test_a_sweep_over_compress_is_a_tie_and_has_the_size_of_the_small_model(tmp_path):
    penalty = ["reg=group", "reg.l1=0.1", "optimizer.learning_rate=0.05", "compress.refit_epochs=1"]
    printed, results = train(tmp_path, "-m", "compress=off,on", "seeds=2", *penalty)
    small = [r["compressed"]["after"]["parameters"] for r in results if r.get("compressed")]
    assert len(small) == 2 and min(small) < results[0]["params"]
    assert "The best settings are compress=off and compress=on, a tie" in printed
    assert "compress makes no difference: its levels are equal." in printed
    row = next(line for line in printed.splitlines() if line.lstrip().startswith("on "))
    assert f"{np.mean(small):,.0f}" in row.split()
