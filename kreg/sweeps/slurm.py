"""SLURM's launcher, and its queue, which is asked seldom, because the queue is everybody's."""

import subprocess
import sys
import time
from pathlib import Path

from kreg.sweeps.cluster import RECORD, Cluster, Job
from kreg.sweeps.results import read_json

COMMAND = ("squeue", "--me", "--noheader", "--array", "--format=%i")
PAUSE = 15.0  # seconds between two questions
PATIENCE = 60.0  # seconds that an answer may take


class Slurm(Cluster):
    """Jobs of a SLURM cluster. They survive the process that waits for them."""

    _EXECUTOR = "slurm"

    def attach(self, jobs: list[Job], folder: Path) -> None:
        from submitit.slurm.slurm import SlurmJob

        record = read_json(folder / RECORD)
        alive = Queue().alive() if record else None
        for job in jobs:
            if record.get(job.key) in (alive or ()):
                job.handle = SlurmJob(folder=self.params["submitit_folder"], job_id=record[job.key])
        self.queue = Queue()

    def lost(self, jobs: list[Job]) -> list[Job]:
        lost = self.queue.lost([job.handle.job_id for job in jobs])
        return [job for job in jobs if job.handle.job_id in lost]

    def say_what_goes_on(self, jobs: list[Job]) -> None:
        left = {job.handle.job_id.split("_")[0] for job in jobs if job.handle and not job.result}
        print(
            "\nkreg: no longer waiting; the jobs go on in SLURM. The same command waits for them "
            f"again, and this one ends them: scancel {' '.join(sorted(left))}",
            file=sys.stderr,
        )


class Queue:
    """Tells the jobs that will never answer from those that wait, run, or are queued again."""

    def __init__(self) -> None:
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
