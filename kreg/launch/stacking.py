"""What `hydra/launcher=stacked` asks of the program: which of the next jobs train as one model."""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from kreg.config.root import Config
from kreg.launch.checked import Checked
from kreg.launch.job import check_again
from kreg.sweeps.jobs import job_folder
from kreg.sweeps.stacked import WaitingJob

if TYPE_CHECKING:
    from kreg.training.stacked_step import StackedStep
    from kreg.training.stacks import Stacks


REFUSED = "it has no configuration that can be trained"


def decide(
    checked: Checked, folder: Path, jobs: Sequence[WaitingJob], compiled: "dict[str, StackedStep]"
) -> "tuple[Stacks, dict[str, Any]]":
    """The stacks of jobs that are about to run, and what `sweep.json` says of them.

    From now on `checked` knows the configurations of these jobs.

    Args:
        checked: What this process has checked: all jobs of a grid, none that a search asks for.
        folder: The sweep's directory.
        jobs: What is launched together.
        compiled: What earlier launches have compiled, see `kreg.training.stacks.Stacks`.
    """
    from kreg.training.stacks import Stacks

    found = list(_known(checked, folder, jobs))
    checked.launched = {number: config for number, config, _ in found}
    places = [place for *_, place in found]
    stacks = Stacks(list(checked.launched.values()), places, list(checked.launched), compiled)
    told = stacks.decide()
    refused = [job.number for job in jobs if job.number not in checked.launched]
    told["not_stacked"] += [{"jobs": refused, "why": REFUSED}] if refused else []
    return stacks, told


def _known(
    checked: Checked, folder: Path, jobs: Sequence[WaitingJob]
) -> Iterator[tuple[int, Config, Path]]:
    """Number, configuration and directory of each job; without those that are no configuration."""
    places = {id(config): place for place, config in checked.folders.items()}
    seen: set[int] = set()
    for job in jobs:
        known = checked.find(job.words)
        place = places.get(id(known))
        try:
            if known is None or place is None:
                cfg = job.compose()
                task = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
                known, place = known or check_again(task, job.words), job_folder(cfg)
        except Exception:  # whatever it is, the job itself will say it
            continue
        config = copy.deepcopy(known) if id(known) in seen else known  # a setting asked for twice
        seen.add(id(known))
        yield job.number, config, folder / place
