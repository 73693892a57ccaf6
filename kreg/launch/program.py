"""The program behind `train.py` and `kreg train`: Hydra's main, with the gate before it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from kreg.config import conf_dir
from kreg.launch import gate
from kreg.launch.checked import Checked
from kreg.launch.job import Job
from kreg.training.shared_steps import SharedSteps

if TYPE_CHECKING:
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
    of_the_sweep: list[Stacks] = []  # one, from the first job on, where jobs are stacked

    def run(cfg: DictConfig) -> float:
        """One job: build, train, diagnose and report; returns what a sweep compares."""
        with Job(cfg, checked) as job:
            from kreg.training import app  # starts TensorFlow, after everything was checked

            shared = steps if job.shares_process else None
            stacks = of_the_sweep[0] if of_the_sweep and job.stacks else None
            told = (job.hopeless, shared, job.sweep, stacks)
            job.objective = app.run(job.config, job.directory, *told)
        return job.objective

    def decide(folder: Path) -> dict[str, Any]:
        """What `hydra/launcher=stacked` asks before its first job, of the sweep in `folder`."""
        from kreg.training.stacks import Stacks

        folders = [folder / own for own in checked.folders]
        of_the_sweep.append(Stacks(list(checked.configs.values()), folders))
        return of_the_sweep[0].decide()

    run.stacks = decide  # type: ignore[attr-defined]  # Hydra hands launchers this very function
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(run)()
