"""SLURM's queue: which jobs it still has, asked seldom, because the queue is everybody's."""

import subprocess
import time

COMMAND = ("squeue", "--me", "--noheader", "--array", "--format=%i")
PAUSE = 15.0  # seconds between two questions
PATIENCE = 60.0  # seconds that an answer may take


class Queue:
    """Tells the jobs that will never answer from those that wait, run, or are queued again."""

    def __init__(self):
        self.asked = time.monotonic()
        self.missed: set[str] = set()

    def alive(self) -> set[str] | None:
        """The ids of the user's jobs; `None` where SLURM does not answer, which says nothing."""
        try:
            done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return None if done.returncode else set(done.stdout.split())

    def lost(self, ids: list[str]) -> set[str]:
        """Those that were not in the queue twice: a shared disk may show a result late."""
        if time.monotonic() - self.asked < PAUSE:
            return set()
        self.asked = time.monotonic()
        alive = self.alive()
        if alive is None:
            return set()
        missing = set(ids) - alive
        lost, self.missed = missing & self.missed, missing
        return lost
