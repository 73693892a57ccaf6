"""The program behind `train.py` and `kreg train`: Hydra's main, with the gate before it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from kreg.config import conf_dir
from kreg.launch import gate, stacking
from kreg.launch.checked import Checked
from kreg.launch.job import Job
from kreg.training.shared_steps import SharedSteps

if TYPE_CHECKING:
    from kreg.sweeps.stacked import WaitingJob
    from kreg.training.stacked_step import StackedStep
    from kreg.training.stacks import Stacks


def main(arguments: list[str] | None = None) -> int:
    """Check the command line and train; returns the exit code."""
    return gate.run(train, arguments)


def train(checked: Checked) -> None:
    """Let Hydra run the jobs of `sys.argv`; leaves with `SystemExit` where one alone fails.

    Args:
        checked: The configurations that the gate has checked, by the overrides of their jobs.
    """
    steps = SharedSteps()
    launched: list[Stacks] = []  # of the last launch, where jobs are stacked
    compiled: dict[str, StackedStep] = {}

    def run(cfg: DictConfig) -> float:
        """One job: build, train, diagnose and report; returns what a sweep compares."""
        with Job(cfg, checked) as job:
            from kreg.training import app  # starts TensorFlow, after everything was checked

            shared = steps if job.shares_process else None
            stacks = launched[0] if launched and job.stacks else None
            told = (job.hopeless, shared, job.sweep, stacks)
            job.objective = app.run(job.config, job.directory, *told)
        return job.objective

    def decide(folder: Path, jobs: "list[WaitingJob]") -> dict[str, Any]:
        """What `hydra/launcher=stacked` asks before it trains, of the sweep in `folder`."""
        stacks, told = stacking.decide(checked, folder, jobs, compiled)
        launched[:] = [stacks]
        return told

    run.stacks = decide  # type: ignore[attr-defined]  # Hydra hands launchers this very function
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(run)()
