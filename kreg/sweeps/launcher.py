"""The launcher of a sweep on this machine: jobs one after the other, one TensorFlow for all."""

import logging
import os
import sys
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
REUSE = "KREG_REUSE_GRAPHS"  # `kreg.build.reuse` reads it


class InProcess(Launcher):
    """Runs what is missing, in order, and says how long the rest will take.

    A job that has a good result in its directory is not run again; a job that fails does not lose
    the others. Keras's names and graphs are cleared between jobs.
    """

    def setup(self, *, hydra_context, task_function, config: DictConfig) -> None:
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        os.environ[REUSE] = "1"  # jobs of one process may share a compiled step
        progress = Progress(len(job_overrides))
        return [
            self.run(list(overrides), initial_job_idx + place, progress)
            for place, overrides in enumerate(job_overrides)
        ]

    def run(self, overrides: list[str], number: int, progress: Progress) -> JobReturn:
        """One job, or the note that it is done already."""
        config = self.context.config_loader.load_sweep_config(self.config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        told = " ".join(o for o in overrides if not o.startswith("hydra."))
        folder = job_folder(config)
        if is_done(folder):
            progress.skip(told)
            value = objective_of(read_json(folder / RESULT), config.get("objective", OBJECTIVE))
            return JobReturn(overrides, config, status=JobStatus.COMPLETED, _return_value=value)
        progress.start(told)
        began = time.monotonic()
        result = run_job(
            hydra_context=self.context,
            task_function=self.task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        progress.end(time.monotonic() - began)
        forget()
        return result


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


def forget() -> None:
    """Clear Keras's global state, where a job has started Keras."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
        # TensorFlow takes the models of several jobs for one that is traced again and again
        logging.getLogger("tensorflow").setLevel(logging.ERROR)


def register() -> None:
    """Make the launcher known to Hydra without a plugin package."""
    # Hydra 1.3 takes plugins only under this prefix, and finds packages there only in wheels
    Plugins.instance().class_name_to_class[TARGET] = InProcess
