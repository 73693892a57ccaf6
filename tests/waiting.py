"""Waiting for processes: until they have written something, never for a while."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 1200  # seconds until what hangs fails its test: a busy machine needs some hundred


def until(condition: Callable[[], object], *processes: subprocess.Popen, pause=0.02) -> None:
    """Wait until something holds, as long as the processes run."""
    end = time.monotonic() + PATIENCE
    while not condition():
        for process in processes:
            assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(pause)


def epochs_written(folder: Path) -> int:
    """The epochs that a run has on the disk."""
    history = folder / "history.csv"
    return max(len(history.read_text().splitlines()) - 1, 0) if history.exists() else 0
