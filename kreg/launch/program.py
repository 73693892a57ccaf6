"""The program behind `train.py` and `kreg train`: Hydra's main, with the gate before it."""

import hydra
from omegaconf import DictConfig

from kreg.config import conf_dir
from kreg.launch import gate
from kreg.launch.checked import Checked
from kreg.launch.job import Job
from kreg.training.shared_steps import SharedSteps


def main(arguments: list[str] | None = None) -> int:
    """Check the command line and train; returns the exit code."""
    return gate.run(train, arguments)


def train(checked: Checked) -> None:
    """Let Hydra run the jobs of `sys.argv`; leaves with `SystemExit` where one alone fails.

    Args:
        checked: The configurations that the gate has checked, by the overrides of their jobs.
    """
    steps = SharedSteps()

    @hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
    def run(cfg: DictConfig) -> float:
        """One job: build, train, diagnose and report; returns what a sweep compares."""
        with Job(cfg, checked) as job:
            from kreg.training import app  # starts TensorFlow, after everything was checked

            shared = steps if job.shares_process else None
            told = (job.hopeless, shared, job.sweep)
            job.objective = app.run(job.config, job.directory, *told)
        return job.objective

    run()
