"""A job of a sweep: how it is called, where it writes, and what the terminal says of its end.

Workers of joblib, Ray and submitit import this module when they receive the callback, which makes
the resolver of job directories known to them.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from kreg.config import earlier_defaults, renamed
from kreg.config.validate import ConfigError, validate
from kreg.files import write_json
from kreg.foreign import content
from kreg.pages.formatting import number
from kreg.runs import RunDirectory, identity
from kreg.sweeps.results import (
    CONFIG,
    OBJECTIVE,
    RESULT,
    objective_name,
    objective_of,
)

DIGITS = 6
MOST = 4 * content.MEBI  # bytes of a composed configuration
COMPOSED = ".hydra/config.yaml"  # what Hydra writes down of a job


def digest(overrides: Iterable[object]) -> str:
    """Six hex digits of a set of overrides, whatever their order.

    >>> digest(["model=deep", "reg=l1"]) == digest(["reg=l1", "model=deep"])
    True
    """
    text = json.dumps(sorted(str(override) for override in overrides))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


# `${digest:${hydra.overrides.task}}` in the name of a job's directory
OmegaConf.register_new_resolver("digest", digest, replace=True)


class JobResult(Callback):
    """What Hydra calls around every job, in every launcher: none ends without a `result.json`."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        folder = Path(config.hydra.runtime.output_dir)
        failed = job_return.status is not JobStatus.COMPLETED
        marked = (folder / "failed").is_file()
        gone = not folder.is_dir()  # removed or renamed by the user: it is not made again
        if gone or not (failed or marked) or (folder / RESULT).is_file():
            return
        error = str(job_return._return_value) if failed else "see the job's log"
        with contextlib.suppress(OSError):
            write_json(folder / RESULT, {"status": "failed", "error": error, "metrics": {}})


def varied(jobs: Sequence[Sequence[str]]) -> list[str]:
    """What each job is told and not all the others; of a single job all."""
    own = [[o for o in overrides if not o.startswith("hydra.")] for overrides in jobs]
    common = set.intersection(*map(set, own)) if len(own) > 1 else set()
    return [" ".join(o for o in overrides if o not in common) for overrides in own]


def outcome(folder: Path, objective: str) -> str:
    """The end of a job's line on the terminal, from the `result.json` in its directory."""
    result = RunDirectory(folder).result
    if not result:  # check=true builds, and does not train
        return "damaged result" if os.path.lexists(folder / RESULT) else "no result"
    if result.get("status") != "done":
        return f"failed: {result.get('error', 'see its directory')}".rstrip(".")
    value = objective_of(result, objective)
    pruned = ", pruned" if result.get("stop_reason") == "pruned" else ""
    name = objective_name(result, objective)
    return (f"{name} {number(value)}" if isinstance(value, int | float) else "done") + pruned


def known_result(
    overrides: list[str], config: DictConfig, folder: Path | None = None
) -> JobReturn | None:
    """What the job of a composed configuration has returned to an earlier process.

    Args:
        overrides: Its words.
        config: The configuration.
        folder: Where it writes, if that is known already.
    """
    result = RunDirectory(folder or job_folder(config))
    if not (result.finished and is_of(result, config)):
        return None
    value = objective_of(result.result or {}, config.get("objective", OBJECTIVE))
    return JobReturn(overrides, config, status=JobStatus.COMPLETED, _return_value=value)


def is_of(run: RunDirectory, config: DictConfig) -> bool:
    """Whether a directory holds the run of a composed configuration, whatever it is called."""
    task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    recorded = run.read_json(CONFIG)
    if recorded is None:  # another app's; kreg's own procedures kept none in version 0.1
        try:
            return content.text(run.file(COMPOSED), MOST, follow=False) == OmegaConf.to_yaml(task)
        except (OSError, ValueError):
            return False
    plain: Any = OmegaConf.to_container(task, resolve=True)
    try:
        checked = validate(plain)
    except ConfigError:  # another app's has no schema of kreg's
        return not identity.differences(renamed.current(recorded), plain)
    known = earlier_defaults.current(recorded, checked)
    return not identity.differences(known, checked.to_dict())


def job_folder(config: DictConfig) -> Path:
    """Where the job of a composed configuration writes."""
    known = HydraConfig.instance()
    previous = known.cfg
    known.set_config(config)
    try:
        parts = (OmegaConf.select(config, f"hydra.sweep.{key}") for key in ("dir", "subdir"))
        return Path(*map(str, parts))
    finally:
        known.cfg = previous
