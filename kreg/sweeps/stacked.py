"""The launcher whose jobs train as one stacked model, where they differ in numbers alone."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kreg import files
from kreg.sweeps.in_process import InProcess
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.results import PLAN, read_json

DECIDES = "stacks"  # the attribute of a task function: what is called before the first job


class Stacked(InProcess):
    """As `InProcess`; which jobs are stacked, and why others are not, is said and written first.

    The jobs still run one after the other: the first of a stack waits for the training of all.
    """

    decided = False

    def before_training(self) -> None:
        """Once, before the first job that has no result yet."""
        decide: Callable[[Path], dict[str, Any]] | None = getattr(self.task, DECIDES, None)
        if self.decided:
            return
        self.decided = True
        if decide is None:
            JobProgress.say("kreg: another program's jobs are not stacked.\n")
            return
        folder = Path(str(self.config.hydra.sweep.dir))
        found = decide(folder)
        for line in told(found):
            JobProgress.say(f"kreg: {line}\n")
        plan = folder / PLAN
        files.write_json(plan, {**read_json(plan), **found})


def told(found: dict[str, Any]) -> list[str]:
    """The stacks of `sweep.json` in words.

    >>> told({"stacks": [{"jobs": [0, 2]}], "not_stacked": [{"jobs": [1], "why": "it is alone"}]})
    ['2 jobs train as one model: 1, 3.', '1 job shares the compiled step, because it is alone: 2.']
    """
    stacks = [
        f"{count(one['jobs'])} as one model: {named(one['jobs'])}." for one in found["stacks"]
    ]
    others = [
        f"{count(one['jobs'], 'share')} the compiled step, because {one['why']}: "
        f"{named(one['jobs'])}."
        for one in found["not_stacked"]
    ]
    return [*([found["memory"]] if "memory" in found else []), *stacks, *others]


def count(jobs: list[int], verb: str = "train") -> str:
    """How many jobs do something."""
    return f"{len(jobs)} jobs {verb}" if len(jobs) > 1 else f"1 job {verb}s"


def named(jobs: list[int]) -> str:
    """Jobs by the numbers that the terminal has for them; of many parts the first and the last.

    >>> named([0, 1, 2, 5]), named([0, 1]), named([0, 2, 4, 6])
    ('1 to 3, 6', '1, 2', '1, 3, ..., 7')
    """
    found = itertools.groupby(enumerate(jobs), key=lambda one: one[1] - one[0])
    rows = [[job for _, job in row] for _, row in found]
    parts = [part for row in rows for part in _row(row)]
    return ", ".join([*parts[:2], "...", parts[-1]] if len(parts) > 3 else parts)


def _row(jobs: list[int]) -> list[str]:
    """Neighbours, from the first to the last."""
    if len(jobs) > 2:
        return [f"{jobs[0] + 1} to {jobs[-1] + 1}"]
    return [str(job + 1) for job in jobs]
