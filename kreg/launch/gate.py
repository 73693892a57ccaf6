"""The gate of the command line: every mistake ends here, in a sentence and exit code 2."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from kreg import sweeps
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import catalogue, codes, commandline, directories, launchers, searches
from kreg.launch.commandline import CommandLine
from kreg.launch.compose import check_job, prepare
from kreg.runs import InUseError, resume

MOST_CHECKED = 64


class Checked:
    """The configurations that this process has checked, by the overrides of their jobs.

    A job in another process, on another machine perhaps, finds none and checks its own.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self.configs: dict[tuple[str, ...], Config] = {}

    def add(self, overrides: Iterable[Override], config: Config, multirun: bool) -> None:
        told = [o for o in overrides if not o.key_or_group.startswith(("hydra.", "hydra/"))]
        self.configs[
            tuple(as_hydra_tells(o) if multirun else commandline.told(o) for o in told)
        ] = config

    def find(self, overrides: Sequence[str]) -> Config | None:
        """The configuration of a job by what Hydra calls its task's overrides, or `None`."""
        return self.configs.get(tuple(overrides)) if self.process == os.getpid() else None

    @property
    def first(self) -> Config:
        return next(iter(self.configs.values()))


def as_hydra_tells(override: Override) -> str:
    """An override in the words in which Hydra's sweeper hands it to a job."""
    return f"{override.get_key_element()}={override.get_value_element_as_str()}"


Train = Callable[[Checked], None]


def run(train: Train, arguments: list[str] | None = None) -> int:
    """Check the command line, then let Hydra call `train`; returns the exit code.

    Args:
        train: Calls a function decorated with `hydra.main`, which reads `sys.argv`. It gets what
            was checked, and leaves with `SystemExit(code)`.
        arguments: What follows the program's name. Defaults to `sys.argv[1:]`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        line = commandline.parse(arguments)
        if line.help:
            print(catalogue.usage())
            return codes.DONE
        if line.passes_to_hydra:
            return _hand_over(train, line.arguments, Checked())
        return _start(train, line, check_all(line))
    except KeyboardInterrupt:
        return codes.INTERRUPTED
    except (ConfigError, HydraException, InUseError) as error:
        if os.environ.get("HYDRA_FULL_ERROR"):
            raise
        print(f"kreg: {error}", file=sys.stderr)
        return codes.BAD_CONFIGURATION


def check_all(line: CommandLine) -> Checked:
    """Compose and check every job of the command line, a sweep's before its first job."""
    jobs = commandline.jobs(line)
    if searches.option_of(line) is not None:
        jobs = jobs[:: -(-len(jobs) // MOST_CHECKED)]  # a search draws a few of very many
    checked = Checked()
    for overrides in jobs:
        checked.add(overrides, check_job(overrides, line.config_dir), line.multirun)
    return checked


def _start(train: Train, line: CommandLine, checked: Checked) -> int:
    if line.shows_only:
        return _hand_over(train, line.arguments, checked)
    searches.check(line)
    if line.multirun:
        return _sweep(train, line, checked)
    decision = directories.for_run(line, checked.first)
    if decision.directory is None or decision.action == resume.NEW:
        return _hand_over(train, line.arguments, checked)
    if decision.action == resume.FINISHED:
        print(f"kreg: {decision.reason}: {decision.directory.file('report.html')}")
        return codes.DONE
    print(f"kreg: {decision.reason}")
    settings = [*line.arguments, f"{directories.RUN_DIR}={decision.directory.path}"]
    return _hand_over(train, settings, checked)


def _sweep(train: Train, line: CommandLine, checked: Checked) -> int:
    """Run what is missing of a sweep; its table comes also after failures and interruptions."""
    launchers.check(line)
    if checked.first.check:  # every job is built, none trained: there will be nothing to compare
        return _hand_over(train, line.arguments, checked)
    with directories.for_sweep(line, checked.first) as sweep:
        try:
            where = sweep.path.absolute()  # the workers of a cluster do not start where we are
            arguments = [*line.arguments, f"{directories.SWEEP_DIR}={where}"]
            _hand_over(train, arguments, checked)
        finally:
            code = sweeps.compare(sweep.path) if sweep.has_runs else codes.FAILED
    return code


def _hand_over(train: Train, arguments: list[str], checked: Checked) -> int:
    prepare()
    launchers.register()
    sys.argv[1:] = arguments
    train(checked)
    return codes.DONE
