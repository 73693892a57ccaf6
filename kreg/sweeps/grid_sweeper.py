"""`-m`: every combination of the values, each once."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from kreg import check, files
from kreg.sweeps.grid import once
from kreg.sweeps.launching_sweeper import LaunchingSweeper

MULTIRUN = "multirun.yaml"  # what Hydra's own sweeper writes down


class Grid(LaunchingSweeper):
    """What Hydra's own sweeper does, for grids in which a penalty without a strength is one job.

    The gate has composed and checked every job, so that it is not done again here.

    Args:
        max_batch_size: Whole number >= 1: so many jobs are handed to the launcher at once.
            Defaults to all.
        params: Values to sweep that no command line repeats, `{"reg.l1": "1e-4,1e-3"}`.
    """

    def __init__(
        self, max_batch_size: int | None = None, params: Mapping[str, object] | None = None
    ) -> None:
        if max_batch_size is not None:
            check.integer("hydra.sweeper.max_batch_size", max_batch_size, low=1)
        self.size, self.params = max_batch_size, params or {}

    def sweep(self, arguments: list[str]) -> list[Sequence[JobReturn]]:
        """Launch all jobs; raises what the first failed one has raised."""
        jobs = self.jobs([*(f"{key}={value}" for key, value in self.params.items()), *arguments])
        folder = Path(str(self.config.hydra.sweep.dir))
        with files.replacing(folder / MULTIRUN) as temporary:
            OmegaConf.save(self.config, temporary)
        size = self.size or len(jobs)
        return [self.launch(jobs[at : at + size], at) for at in range(0, len(jobs), size)]

    def jobs(self, words: list[str]) -> list[list[str]]:
        """The overrides of every job; the last word about a key is the one that counts."""
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        told = {o.get_key_element(): spelt_out(o) for o in parser.parse_overrides(words)}
        return once([list(job) for job in itertools.product(*told.values())])

    def launch(self, jobs: list[list[str]], first: int) -> Sequence[JobReturn]:
        results = self.launcher.launch(jobs, initial_job_idx=first)
        for result in results:
            _ = result.return_value  # raises where the job has failed
        return results


def spelt_out(override: Override) -> list[str]:
    """An override with one value each."""
    key = override.get_key_element()
    if override.is_sweep_override():
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    return [f"{key}={override.get_value_element_as_str()}"]
