"""The launcher of a sweep on this machine: jobs one after the other, one TensorFlow for all."""

import time
from collections.abc import Sequence
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus, configure_log, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf, open_dict

from kreg.sweeps.directory import is_done
from kreg.sweeps.progress import Progress
from kreg.sweeps.results import OBJECTIVE, RESULT, objective_of, read_json

TARGET = "hydra_plugins.kreg.InProcess"
MOST_HELD = 64  # composed configurations that wait for their job


class InProcess(Launcher):
    """Runs what is missing, in order, and says how long the rest will take.

    A job that has a good result in its directory is not run again; a job that fails does not lose
    the others. Every job clears Keras's names and graphs before it builds its own.
    """

    progress: Progress | None = None  # a search, which launches jobs one by one, has its own

    def setup(self, *, hydra_context, task_function, config: DictConfig) -> None:
        self.context, self.task, self.config = hydra_context, task_function, config
        self.composed = Composed(hydra_context.config_loader)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        progress = self.progress or Progress(len(job_overrides))
        told = varied(job_overrides)
        return [
            self.run(list(overrides), initial_job_idx + place, told[place], progress)
            for place, overrides in enumerate(job_overrides)
        ]

    def run(self, overrides: list[str], number: int, told: str, progress: Progress) -> JobReturn:
        """One job, or the note that it is done already."""
        config = self.composed.take(self.config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        result = known_result(overrides, config)
        if result is not None:
            progress.skip(told)
            return result
        folder, objective = job_folder(config), config.get("objective", OBJECTIVE)
        progress.start(told)
        began, ending = time.monotonic(), "interrupted"
        try:
            result = run_job(
                hydra_context=self.context,
                task_function=self.task,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
            ending = outcome(read_json(folder / RESULT), objective)
        finally:
            progress.end(time.monotonic() - began, ending)
        return result


class Composed:
    """What the sweeper has composed as a check, kept for the launcher, which composes it again.

    That takes Hydra about as long as training a small model for an epoch or two.
    """

    def __init__(self, loader):
        self.load = loader.load_sweep_config
        self.held: dict[tuple, DictConfig] = {}
        loader.load_sweep_config = self.keep

    def keep(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The sweeper's `load_sweep_config`."""
        found = self.load(master_config, sweep_overrides)
        if len(self.held) < MOST_HELD:
            self.held[(id(master_config), *sweep_overrides)] = found
        return found

    def take(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The launcher's: nobody else gets the same object, which the job will change."""
        found = self.held.pop((id(master_config), *sweep_overrides), None)
        return self.load(master_config, sweep_overrides) if found is None else found


def varied(jobs: Sequence[Sequence[str]]) -> list[str]:
    """What each job is told and not all the others; of a single job all."""
    own = [[o for o in overrides if not o.startswith("hydra.")] for overrides in jobs]
    common = set.intersection(*map(set, own)) if len(own) > 1 else set()
    return [" ".join(o for o in overrides if o not in common) for overrides in own]


def outcome(result: dict, objective: str) -> str:
    """The end of a job's line on the terminal."""
    if not result:  # check=true builds, and does not train
        return "no result"
    if result.get("status") != "done":
        return f"failed: {result.get('error', 'see its directory')}"
    value = objective_of(result, objective)
    pruned = ", pruned" if result.get("stop_reason") == "pruned" else ""
    return (f"{objective} {value:.4g}" if isinstance(value, int | float) else "done") + pruned


def known_result(overrides: list[str], config: DictConfig) -> JobReturn | None:
    """What the job of a composed configuration has returned to an earlier process."""
    folder = job_folder(config)
    if not is_done(folder):
        return None
    value = objective_of(read_json(folder / RESULT), config.get("objective", OBJECTIVE))
    return JobReturn(overrides, config, status=JobStatus.COMPLETED, _return_value=value)


def job_folder(config: DictConfig) -> Path:
    """Where the job of a composed configuration writes."""
    from hydra.core.hydra_config import HydraConfig

    previous = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)
    try:
        parts = (OmegaConf.select(config, f"hydra.sweep.{key}") for key in ("dir", "subdir"))
        return Path(*map(str, parts))
    finally:
        HydraConfig.instance().cfg = previous


def register() -> None:
    """Make the launcher known to Hydra without a plugin package."""
    # Hydra 1.3 takes plugins only under this prefix, and finds packages there only in wheels
    Plugins.instance().class_name_to_class[TARGET] = InProcess
