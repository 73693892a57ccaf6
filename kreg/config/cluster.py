"""Which processes train one model together, and which one this is: `TF_CONFIG`, or SLURM."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kreg.config import slurm
from kreg.foreign import json_text
from kreg.foreign.content import DamagedError

VARIABLE = "TF_CONFIG"
SEVERAL = ("multiworker", "ray")  # of `distribute`: what several processes do
EXAMPLE = (
    f'{VARIABLE}=\'{{"cluster": {{"worker": ["one:12345", "two:12345"]}}, '
    '"task": {"type": "worker", "index": 0}}\''
)


@dataclass(frozen=True)
class Cluster:
    """The workers by their addresses `host:port`, and the place of this process among them."""

    workers: tuple[str, ...]
    index: int

    @property
    def is_first(self) -> bool:
        """Whether this is the worker that measures, decides and writes."""
        return self.index == 0


def of_environment(environment: Mapping[str, str] | None = None) -> Cluster:
    """The cluster that `TF_CONFIG` describes, in TensorFlow's own words; without it SLURM's tasks.

    Args:
        environment: Defaults to that of the process.

    Raises:
        ValueError: With one sentence, where it is missing or does not describe two workers.
    """
    environment = os.environ if environment is None else environment
    content = environment.get(VARIABLE, "")
    if not content and slurm.is_step(environment):
        return Cluster(*slurm.workers(environment))
    if not content:
        raise refused("is not set")
    try:
        found = json_text.parse(content, dict[str, Any], VARIABLE)
    except DamagedError as error:
        raise refused(f"cannot be read: {error}") from error
    return Cluster(*described(found))


def described(found: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    """The addresses and the index of a parsed `TF_CONFIG`."""
    cluster, task = found.get("cluster"), found.get("task")
    if not isinstance(cluster, dict) or not isinstance(task, dict):
        raise refused("has no `cluster` and `task`")
    if set(cluster) != {"worker"} or task.get("type") != "worker":
        kinds = sorted({*map(str, cluster), str(task.get("type"))})
        raise refused(f"may name workers only, and names {', '.join(kinds)}")
    addresses, index = cluster["worker"], task.get("index")
    if not isinstance(addresses, list) or not all(is_address(one) for one in addresses):
        raise refused(f"needs a list of addresses host:port, and has {addresses!r}")
    if len(set(addresses)) < 2 or len(set(addresses)) < len(addresses):
        raise refused(f"needs two different workers at least, and has {addresses!r}")
    if type(index) is not int or not 0 <= index < len(addresses):
        raise refused(f"needs a task index from 0 to {len(addresses) - 1}, and has {index!r}")
    return tuple(addresses), index


def is_address(one: object) -> bool:
    """Whether it is `host:port`."""
    return isinstance(one, str) and bool(one.rpartition(":")[0]) and one.split(":")[-1].isdigit()


def refused(why: str) -> ValueError:
    """The error of a description that is none."""
    return ValueError(
        f"distribute=multiworker: the environment variable {VARIABLE} {why}. Set it for each "
        f"worker, the index its own: {EXAMPLE}. Under SLURM, srun -n 2 python train.py "
        "distribute=multiworker needs none."
    )
