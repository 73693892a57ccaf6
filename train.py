"""Train a model, see whether it overfits: `python train.py model=deep reg=l1`.

The configuration in `conf/` is composed by Hydra and checked before TensorFlow is imported.
`python train.py --help` lists the groups, their options and examples.
"""

import sys

import hydra

from kreg.config import conf_dir
from kreg.launch import gate
from kreg.launch.job import Job


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def main(cfg) -> float:
    """One job: build, train, diagnose and report; returns what a sweep compares."""
    with Job(cfg) as job:
        from kreg import app  # starts TensorFlow, after everything that can be wrong was checked

        job.objective = app.run(job.config, job.directory)
    return job.objective


if __name__ == "__main__":
    sys.exit(gate.run(main))
