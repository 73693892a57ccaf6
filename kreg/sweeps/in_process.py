"""The launcher of a sweep on this machine: jobs one after the other, one TensorFlow for all."""

import time
from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, configure_log, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.jobs import job_folder, known_result, outcome, varied
from kreg.sweeps.results import OBJECTIVE
from kreg.sweeps.templates import Templates

MOST_CACHED = 64  # composed configurations that wait for their job


class InProcess(Launcher):
    """Runs what is missing, in order, and says how long the rest will take.

    A job that has a good result in its directory is not run again; a job that fails does not lose
    the others. Every job clears Keras's names and graphs before it builds its own.
    """

    progress: JobProgress | None = None  # a search, which launches jobs one by one, has its own

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.context, self.task, self.config = hydra_context, task_function, config
        self.composed = Composed(hydra_context.config_loader)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        progress = self.progress or JobProgress(len(job_overrides))
        told = varied(job_overrides)
        return [
            self.run(list(overrides), initial_job_idx + place, told[place], progress)
            for place, overrides in enumerate(job_overrides)
        ]

    def before_training(self) -> None:
        """Called before each job that has no result yet."""

    def run(self, overrides: list[str], number: int, told: str, progress: JobProgress) -> JobReturn:
        """One job, or the note that it is done already."""
        config = numbered(self.composed.take(self.config, overrides), number)
        folder = job_folder(config)
        result = known_result(overrides, config, folder)
        if result is not None:
            progress.skip(told)
            return result
        self.before_training()
        objective = config.get("objective", OBJECTIVE)
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
            ending = outcome(folder, objective)
        finally:
            progress.end(time.monotonic() - began, ending)
        return result


def numbered(config: DictConfig, number: int) -> DictConfig:
    """The same configuration, which knows the number of its job."""
    with read_write(config.hydra), open_dict(config):  # who looked for its folder has closed it
        config.hydra.job.id = config.hydra.job.num = number
    return config


class Composed:
    """What the sweeper has composed as a check, kept for the launcher, which composes it again.

    That takes Hydra about as long as training a small model for an epoch or two.
    """

    def __init__(self, loader: ConfigLoader):
        self.load = loader.load_sweep_config
        self.templates = Templates()
        self.cached: dict[tuple[object, ...], DictConfig] = {}
        loader.load_sweep_config = self.keep  # type: ignore[method-assign]  # Hydra has no hook

    def keep(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The sweeper's `load_sweep_config`."""
        return self.wait(master_config, sweep_overrides, self.load(master_config, sweep_overrides))

    def ahead(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """To be looked at before the job takes it."""
        found = self.take(master_config, sweep_overrides)
        return self.wait(master_config, sweep_overrides, found)

    def wait(self, master_config: DictConfig, words: list[str], found: DictConfig) -> DictConfig:
        """Keep what was composed for its job, where there is room."""
        if len(self.cached) < MOST_CACHED:
            self.cached[(id(master_config), *words)] = found
        return found

    def take(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The launcher's: nobody else gets the same object, which the job will change."""
        found = self.cached.pop((id(master_config), *sweep_overrides), None)
        if found is not None:
            return found
        return self.templates.compose(
            sweep_overrides, lambda: self.load(master_config, sweep_overrides), id(master_config)
        )
