"""A kill at every moment that leaves something else on the disk; `moments.py` tells how."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "moments.py"


def replay(folder, which, *overrides) -> str:
    """The lines of the program: one for each moment."""
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), which, *overrides],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    return ended.stdout


def test_in_the_middle_and_after_the_last_epoch(tmp_path):
    told = replay(tmp_path, "few", "compress=off")
    assert told.count("equal") == 2 and "epoch_000002." in told and ".best." in told


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        ["stop=patience", "stop.patience=1", "trainer.epochs=4", "optimizer.learning_rate=0.5"],
        ["stop=none", "compress=off", "trainer.save_every=60", "trainer.epochs=4"],
    ],
    ids=["stopped by a rule", "two states in all"],
)
def test_every_moment(tmp_path, overrides):
    told = replay(tmp_path, "all", *overrides)
    assert told.count("equal") > 30
