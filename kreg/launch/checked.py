"""What the gate has found out about a command: the configuration of each job, and its place."""

import os
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override

from kreg.config import backends, data_checks, unheard
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import commandline, said, searches
from kreg.launch.commandline import CommandLine
from kreg.launch.compose import Composition

SHOWN = 3  # jobs that a sentence names


class Checked:
    """The configurations that this process has checked, by the overrides of their jobs.

    A job in another process, on another machine perhaps, finds none and checks its own.

    Args:
        line: The command line, with its replicates written out.
    """

    def __init__(self, line: CommandLine) -> None:
        self.process = os.getpid()
        self.line, self.multirun = line, line.multirun
        self.configs: dict[tuple[str, ...], Config] = {}
        self.folders: dict[Path, Config] = {}  # of a sweep's jobs, below its directory
        self.launched: dict[int, Config] = {}  # what is launched together, by the jobs' numbers
        self.run_directory = self.sweep_directory = Path()
        self.sweeper = self.launcher = ""  # of a sweep, by their names
        self.heard: set[str] = set()  # of the words: what acts in a job, so far
        self.unheard: dict[str, str] = {}  # what does not act in one: word to sentence
        self.replaced: dict[str, list[int]] = {}  # sentences on what some jobs do in its place

    def add(self, overrides: Sequence[Override], job: Composition, number: int = 0) -> None:
        """Keep a job; a sweep's must have a folder of its own.

        Raises:
            ConfigError: If it has not, or if a command cannot have its rows.
        """
        try:
            data_checks.refuse_given(job.config.data)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        self._listen(overrides, job)
        for sentence in unheard.replaced(job.unheard):
            self.replaced.setdefault(sentence, []).append(number + 1)
        own = [o for o in overrides if not o.key_or_group.startswith(("hydra.", "hydra/"))]
        told = [as_hydra_tells(o) if self.multirun else commandline.told(o) for o in own]
        if not self.configs and self.multirun:
            self.sweep_directory = job.sweep_directory()
        elif not self.configs:
            self.run_directory = job.run_directory()
        self.configs[tuple(told)] = job.config
        if self.multirun:
            self._take(job.job_directory(number, told), job.config)

    def _listen(self, overrides: Sequence[Override], job: Composition) -> None:
        """Which words act in a job. Of a search some jobs are seen, so there a key is one word."""
        searching = searches.option_of(self.line) is not None
        for key, word in said.by_key(overrides).items():
            name = key if searching else word
            if key in job.unheard:
                self.unheard[name] = job.unheard[key]
            else:
                self.heard.add(name)

    def refuse_unheard(self) -> None:
        """Refuse a word, a value of a sweep's, that no job hears.

        Raises:
            ConfigError: With its sentence.
        """
        unheard.refuse({w: self.unheard[w] for w in self.unheard if w not in self.heard})

    def told(self) -> list[str]:
        """What some jobs of a sweep do in the place of a word that others hear; for the user."""
        searching = searches.option_of(self.line) is not None
        return [
            f"{'Some trials' if searching else named(jobs, len(self.configs))}: {sentence}"
            for sentence, jobs in self.replaced.items()
        ]

    def refuse_backends(self) -> None:
        """Refuse a sweep over backends, and one whose launcher does not train on its own.

        Raises:
            ConfigError: With one sentence.
        """
        try:
            known = {config.trainer.backend for config in self.configs.values()}
            backends.refuse_sweep(known, self.launcher)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def _take(self, folder: Path, config: Config) -> None:
        if folder.is_absolute() or ".." in folder.parts or not folder.parts:
            raise ConfigError(
                f"hydra.sweep.subdir={folder}: expected a folder below the sweep's directory."
            )
        if folder in self.folders:
            raise ConfigError(
                f"hydra.sweep.subdir: two jobs would write into {folder}. Put ${{hydra.job.num}} "
                "into the name."
            )
        self.folders[folder] = config

    def find(self, overrides: Sequence[str], number: int | None = None) -> Config | None:
        """The configuration of a job by what Hydra calls its task's overrides, or `None`.

        Args:
            overrides: Of the job.
            number: Of the job, where it has one.
        """
        if self.process != os.getpid():
            return None
        return (self.launched.get(number) if number is not None else None) or self.configs.get(
            tuple(overrides)
        )

    @property
    def first(self) -> Config:
        return next(iter(self.configs.values()))


def named(jobs: Sequence[int], count: int) -> str:
    """Jobs of a sweep by their numbers from 1.

    >>> named([1], 2), named([1, 3, 5, 7, 9], 10)
    ('Job 1 of 2', 'Jobs 1, 3, 5, ... of 10')
    """
    shown = ", ".join(map(str, jobs[:SHOWN])) + (", ..." if len(jobs) > SHOWN else "")
    return f"Job{'s' if len(jobs) > 1 else ''} {shown} of {count}"


def as_hydra_tells(override: Override) -> str:
    """An override in the words in which Hydra's sweeper hands it to a job."""
    return f"{override.get_key_element()}={override.get_value_element_as_str()}"
