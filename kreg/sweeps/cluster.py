"""The launchers of a cluster: what is missing is queued, and the sweep waits for all of it.

The jobs, their files and their queueing again are submitit's. The waiting is kreg's: submitit's
launcher leaves with the first job that is lost while the others run, knows of losses only where
SLURM keeps accounts (`sacct`), and a sweep that is started again would queue everything again.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import BaseSubmititLauncher
from omegaconf import OmegaConf, open_dict

from kreg.files import write_json
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.jobs import known_result, outcome, varied
from kreg.sweeps.results import OBJECTIVE, read_json

if TYPE_CHECKING:
    import submitit

RECORD = "cluster.json"  # what is queued as what, for a sweep that is started again
OF_EXECUTORS = ("max_num_timeout",)  # what submitit takes before the resources of a job
TICK = 0.5  # seconds between two looks for results
BAD_CONFIGURATION = 2
CURE = (
    "What they ask for are the launcher's keys: hydra.launcher.partition, account, timeout_min, "
    "mem_gb, cpus_per_task and so on; `python train.py --cfg hydra -p hydra.launcher "
    "hydra/launcher=submitit_slurm` lists them."
)


@dataclass
class Job:
    """A job of the sweep; `handle` is submitit's once it is queued, `result` is Hydra's."""

    overrides: list[str]
    number: int
    told: str
    handle: "submitit.Job[JobReturn]" = None  # type: ignore[assignment]  # until it is queued
    result: JobReturn | None = None

    @property
    def key(self) -> str:
        return " ".join([str(self.number), *self.overrides])

    @property
    def answered(self) -> bool:
        return self.handle.paths.result_pickle.exists()


class Cluster(BaseSubmititLauncher):
    """Runs what is missing; a job that is lost is said to be, and the others are waited for."""

    progress: JobProgress | None = None  # a search, which launches jobs one by one, has its own

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        setup_globals()
        folder = Path(str(self.config.hydra.sweep.dir))
        folder.mkdir(parents=True, exist_ok=True)
        progress = self.progress or JobProgress(len(job_overrides))
        told = varied(job_overrides)
        jobs = [
            Job(list(overrides), initial_job_idx + place, told[place])
            for place, overrides in enumerate(job_overrides)
        ]
        if any(entry.is_dir() for entry in folder.iterdir()):
            self.recall(jobs, progress)
        missing = [job for job in jobs if job.result is None]
        try:
            self.attach(missing, folder)
            self.submit([job for job in missing if job.handle is None], folder)
            self.wait(missing, progress)
        except KeyboardInterrupt:
            self.say_what_goes_on(missing)
            raise
        return [job.result for job in jobs if job.result is not None]

    def recall(self, jobs: list[Job], progress: JobProgress) -> None:
        """Give the jobs their results that an earlier process has waited for, or not."""
        for job in jobs:
            config = self.hydra_context.config_loader.load_sweep_config(self.config, job.overrides)
            with open_dict(config):
                config.hydra.job.num = job.number
            job.result = known_result(job.overrides, config)
            if job.result is not None:
                progress.skip(job.told)

    def submit(self, jobs: list[Job], folder: Path) -> None:
        """Queue the jobs, as one array, and keep a record of it."""
        if not jobs:
            return
        from submitit.core import utils

        arguments = [
            (job.overrides, "hydra.sweep.dir", job.number, str(job.number), Singleton.get_state())
            for job in jobs
        ]
        try:
            handles = self.executor().map_array(self, *zip(*arguments, strict=True))
        except (utils.FailedJobError, utils.FailedSubmissionError) as error:
            reason = " ".join(str(error).split())
            print(f"kreg: the cluster refuses the jobs ({reason}). {CURE}", file=sys.stderr)
            raise SystemExit(BAD_CONFIGURATION) from error
        for job, handle in zip(jobs, handles, strict=True):
            job.handle = handle
        ids = {job.key: job.handle.job_id for job in jobs}
        write_json(folder / RECORD, {**read_json(folder / RECORD), **ids})

    def executor(self) -> "submitit.AutoExecutor":
        """submitit's, with the settings of the launcher's file."""
        import submitit

        settings = dict(self.params)
        folder = settings.pop("submitit_folder")
        own = {self.named(k): settings.pop(k) for k in OF_EXECUTORS if k in settings}
        executor = submitit.AutoExecutor(folder=folder, cluster=self._EXECUTOR, **own)
        shared = set(OmegaConf.structured(BaseQueueConf).keys())
        executor.update_parameters(
            **{k if k in shared else self.named(k): v for k, v in settings.items()}
        )
        return executor

    def named(self, setting: str) -> str:
        return f"{self._EXECUTOR}_{setting}"

    def wait(self, jobs: list[Job], progress: JobProgress) -> None:
        """Give every job its result, as they come."""
        waiting, latest = list(jobs), time.monotonic()
        while waiting:
            lost = self.lost([job for job in waiting if not job.answered])
            for job in [job for job in waiting if job.answered or job in lost]:
                job.result = returned(job) if job.answered else gone(job)
                waiting.remove(job)
                progress.start(job.told)
                progress.end(time.monotonic() - latest, ending(job.result))
                latest = time.monotonic()
            if waiting:
                time.sleep(TICK)

    def attach(self, jobs: list[Job], folder: Path) -> None:
        """Find the jobs again that an earlier process has queued."""

    def lost(self, jobs: list[Job]) -> list[Job]:
        """Those of the jobs without an answer that will never have one."""
        raise NotImplementedError

    def say_what_goes_on(self, jobs: list[Job]) -> None:
        """What an impatient user should know about the jobs without a result."""


class Local(Cluster):
    """Processes of this machine, in the manner of a cluster."""

    _EXECUTOR = "local"

    def lost(self, jobs: list[Job]) -> list[Job]:
        return [job for job in jobs if job.handle.done() and not job.answered]


def returned(job: Job) -> JobReturn:
    """What the job itself says; what went wrong around it is a failure of its own."""
    try:
        return job.handle.results()[0]
    except Exception as error:  # whatever the job raised outside of its function
        return gone(job, str(error).strip().splitlines()[-1])


def gone(job: Job, why: str = "it is no longer in the queue") -> JobReturn:
    """The result of a job that left none."""
    sentence = (
        f"Job {job.number} has ended without a result ({why}). Its log is "
        f"{job.handle.paths.stderr}."
    )
    error = ChildProcessError(sentence)  # no mistake of the command line: exit code 1
    return JobReturn(job.overrides, status=JobStatus.FAILED, _return_value=error)


def ending(result: JobReturn) -> str:
    """The end of a job's line on the terminal."""
    if result.hydra_cfg is None or result.cfg is None:
        return f"no result. {result._return_value}".rstrip(".")
    folder = Path(result.hydra_cfg.hydra.runtime.output_dir)
    return outcome(folder, result.cfg.get("objective", OBJECTIVE))
