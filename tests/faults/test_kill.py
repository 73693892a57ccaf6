"""`kill -9` at random batches, again and again; the end is what it would have been."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.faults import training
from tests.waiting import PATIENCE

PROGRAM = Path(training.__file__)


def run(folder, variant, fault=0):
    return subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), variant, str(fault)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def final(folder) -> dict:
    with np.load(folder / "final.npz", allow_pickle=False) as archive:
        return {name: archive[name].tobytes() for name in archive.files}


def kill_until_done(folder, variant, kills, seed, farthest):
    """Kill the same command `kills` times at random batches, then let it end."""
    generator = random.Random(seed)
    for _ in range(kills):
        fault = generator.randint(1, farthest)
        ended = run(folder, variant, fault)
        assert ended.returncode == -signal.SIGKILL, f"seed {seed}: {ended.stderr}"
    ended = run(folder, variant)
    assert ended.returncode == 0, f"seed {seed}: {ended.stderr}"


@pytest.mark.slow  # the fast one kills train.py itself: test_train_program.py
def test_killed_at_a_random_batch(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    assert run(tmp_path / "whole", "everything").returncode == 0
    kill_until_done(tmp_path / "killed", "everything", 1, seed, farthest=2 * training.STEPS)
    assert final(tmp_path / "whole") == final(tmp_path / "killed"), f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_killed_twenty_times_in_a_row(tmp_path, seed):
    """Each process lives for less than an epoch and a half, so most kills lose a started epoch."""
    assert run(tmp_path / "whole", "noise").returncode == 0
    folder = tmp_path / "killed"
    generator = random.Random(seed)
    for kill in range(20):
        # below an epoch's length nothing is ever saved: let every third kill make progress
        farthest = training.STEPS + 2 if kill % 3 == 2 else training.STEPS - 1
        ended = run(folder, "noise", generator.randint(1, farthest))
        assert ended.returncode in (-signal.SIGKILL, 0), f"seed {seed}: {ended.stderr}"
    assert run(folder, "noise").returncode == 0
    assert final(tmp_path / "whole") == final(folder), f"seed {seed}"
