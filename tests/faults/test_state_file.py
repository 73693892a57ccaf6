"""The state file under every fault of its medium: kills, full disks, truncation, flipped bits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kreg import archive
from kreg.runs import DamagedError, StateFile

WRITER = Path(__file__).parent / "writer.py"


def run(mode, folder):
    ended = subprocess.run(
        [sys.executable, str(WRITER), mode, str(folder)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_killed_at_every_byte_range_of_the_write(tmp_path):
    run("kill", tmp_path)


def test_a_full_disk_at_every_byte_range_keeps_the_old_state_and_names_the_path(tmp_path):
    told = run("full", tmp_path)
    assert told.count("cannot write") == told.count("epoch_000002.npz") == 60


@pytest.fixture
def written(tmp_path):
    values = np.random.default_rng(0).standard_normal((9, 7)).astype(np.float32)
    path = StateFile(tmp_path).write({"epoch": 1, "variables": {"model": [values]}, "n": [1, None]})
    return path, values


def reads_as(path, values):
    """The values of an intact file, or `None` for a refused one; anything else is a failure."""
    try:
        state = archive.read(path)
    except DamagedError:
        return None
    assert state["epoch"] == 1 and state["n"] == [1, None]
    assert state["variables"]["model"][0].tobytes() == values.tobytes()
    return state


def test_every_truncation_is_refused(written):
    path, values = written
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert reads_as(path, values) is None, length


def test_no_flipped_bit_goes_unnoticed(written):
    """A flip is refused, or hits a byte of the zip without meaning, and the values are equal."""
    path, values = written
    content = path.read_bytes()
    refused = 0
    positions = range(0, len(content) * 8, 5)
    for bit in positions:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        refused += reads_as(path, values) is None
    assert refused > 0.7 * len(positions)


def test_random_bytes_are_refused(written):
    path, values = written
    generator = np.random.default_rng(1)
    for length in (1, 10, 1000, 100_000):
        path.write_bytes(generator.bytes(length))
        assert reads_as(path, values) is None
