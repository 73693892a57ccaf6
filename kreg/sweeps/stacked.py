"""The launcher whose jobs train as one stacked model, where they differ in numbers alone."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from hydra.core.utils import JobReturn
from omegaconf import DictConfig

from kreg import files
from kreg.sweeps.in_process import InProcess, numbered
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.results import PLAN, read_json

DECIDES = "stacks"  # the attribute of a task function: what is called before the first job
KEYS = ("stacks", "not_stacked")  # of `sweep.json`


class WaitingJob(NamedTuple):
    """A job that is about to run, beside others.

    Args:
        number: Its number in the sweep.
        words: Its overrides without Hydra's own.
        compose: Has Hydra compose it.
    """

    number: int
    words: list[str]
    compose: Callable[[], DictConfig]


Decide: TypeAlias = Callable[[Path, list[WaitingJob]], dict[str, Any]]


class Stacked(InProcess):
    """As `InProcess`; which jobs are stacked, and why others are not, is said and written first.

    The jobs still run one after the other: the first of a stack waits for the training of all. A
    search launches its jobs round by round, and each round has stacks of its own.
    """

    at_once = 8  # settings of a search's round, see `kreg.sweeps.sweeper.Search`

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        self.waiting = [
            self.waits(list(words), number)
            for number, words in enumerate(job_overrides, initial_job_idx)
        ]
        self.decided = False
        return super().launch(job_overrides, initial_job_idx)

    def waits(self, words: list[str], number: int) -> WaitingJob:
        """A job of the launch as the task function is asked about it."""

        def compose() -> DictConfig:
            return numbered(self.composed.ahead(self.config, words), number)

        own = [word for word in words if not word.startswith(("hydra.", "hydra/"))]
        return WaitingJob(number, own, compose)

    def before_training(self) -> None:
        """Once a launch, before the first job that has no result yet."""
        if self.decided:
            return
        self.decided = True
        decide: Decide | None = getattr(self.task, DECIDES, None)
        if decide is None:
            JobProgress.say("kreg: another program's jobs are not stacked.\n")
            return
        folder = Path(str(self.config.hydra.sweep.dir))
        found = decide(folder, self.waiting)
        for line in told(found):
            JobProgress.say(f"kreg: {line}\n")
        plan, numbers = folder / PLAN, {job.number for job in self.waiting}
        files.write_json(plan, joined(read_json(plan), found, numbers))


def joined(plan: dict[str, Any], found: dict[str, Any], jobs: set[int]) -> dict[str, Any]:
    """`sweep.json` with what was found for some jobs, in the place of what it had of these.

    >>> rounds = {"stacks": [{"jobs": [0, 1]}, {"jobs": [2, 3]}], "not_stacked": []}
    >>> joined(rounds, {"stacks": [{"jobs": [2, 4]}], "not_stacked": []}, {2, 3, 4})["stacks"]
    [{'jobs': [0, 1]}, {'jobs': [2, 4]}]
    """
    parts = {
        key: [one for one in plan.get(key, []) if jobs.isdisjoint(one["jobs"])] + found[key]
        for key in KEYS
    }
    return {**plan, **found, **parts}


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
