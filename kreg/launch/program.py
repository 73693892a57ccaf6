"""The program behind `train.py` and `kreg train`: Hydra's main, with the gate before it."""

import hydra

from kreg.config import conf_dir
from kreg.launch import gate
from kreg.launch.job import Job


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def train(cfg) -> float:
    """One job: build, train, diagnose and report; returns what a sweep compares."""
    with Job(cfg) as job:
        from kreg import app  # starts TensorFlow, after everything that can be wrong was checked

        job.objective = app.run(job.config, job.directory, job.hopeless)
    return job.objective


def main(arguments: list[str] | None = None) -> int:
    """Check the command line and train; returns the exit code."""
    return gate.run(train, arguments)
