"""What Hydra calls around every job, in every launcher: no job ends without a `result.json`.

Workers of joblib, Ray and submitit import this module when they receive the callback, which makes
the resolver of job directories known to them.
"""

from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from kreg.files import write_json
from kreg.sweeps import naming
from kreg.sweeps.results import RESULT

naming.register()


class JobResult(Callback):
    """Writes the result of a job that could not write its own."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs) -> None:
        folder = Path(config.hydra.runtime.output_dir)
        failed = job_return.status is not JobStatus.COMPLETED
        marked = (folder / "failed").is_file()
        if (failed or marked) and not (folder / RESULT).is_file():
            error = str(job_return._return_value) if failed else "see the job's log"
            write_json(folder / RESULT, {"status": "failed", "error": error, "metrics": {}})
