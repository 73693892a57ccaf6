"""The gate of the command line: every mistake ends here, in a sentence and exit code 2."""

import os
import sys
from collections.abc import Callable

from hydra.errors import HydraException

from kreg import sweeps
from kreg.config.validate import Config, ConfigError
from kreg.launch import codes, commandline, directories, launchers, searches, usage
from kreg.launch.compose import compose_job, prepare
from kreg.runs import InUseError, resume

MOST_CHECKED = 64


def run(train: Callable[[], None], arguments: list[str] | None = None) -> int:
    """Check the command line, then let Hydra call `train`; returns the exit code.

    Args:
        train: A function decorated with `hydra.main`. It leaves with `SystemExit(code)`.
        arguments: What follows the program's name. Defaults to `sys.argv[1:]`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        line = commandline.parse(arguments)
        if line.help:
            print(usage.text())
            return codes.DONE
        if line.passes_to_hydra:
            return _hand_over(train, line.arguments)
        return _start(train, line, check_all(line))
    except KeyboardInterrupt:
        return codes.INTERRUPTED
    except (ConfigError, HydraException, InUseError) as error:
        if os.environ.get("HYDRA_FULL_ERROR"):
            raise
        print(f"kreg: {error}", file=sys.stderr)
        return codes.BAD_CONFIGURATION


def check_all(line: commandline.CommandLine) -> Config:
    """Compose and check every job of the command line, a sweep's before its first job.

    Returns the configuration of the first.
    """
    jobs = commandline.jobs(line)
    if searches.option_of(line) is not None:
        jobs = jobs[:: -(-len(jobs) // MOST_CHECKED)]  # a search draws a few of very many
    configs = [compose_job(overrides, line.config_dir) for overrides in jobs]
    return configs[0]


def _start(train: Callable[[], None], line: commandline.CommandLine, config: Config) -> int:
    if line.shows_only:
        return _hand_over(train, line.arguments)
    searches.check(line)
    if line.multirun:
        return _sweep(train, line, config)
    decision = directories.for_run(line, config)
    if decision.action == resume.FINISHED:
        print(f"kreg: {decision.reason}: {decision.directory.file('report.html')}")
        return codes.DONE
    if decision.action == resume.CONTINUE:
        print(f"kreg: {decision.reason}")
        settings = [*line.arguments, f"{directories.RUN_DIR}={decision.directory.path}"]
        return _hand_over(train, settings)
    return _hand_over(train, line.arguments)


def _sweep(train: Callable[[], None], line: commandline.CommandLine, config: Config) -> int:
    """Run what is missing of a sweep; its table comes also after failures and interruptions."""
    launchers.check(line)
    if config.check:  # every job is built and none trained: there will be nothing to compare
        return _hand_over(train, line.arguments)
    with directories.for_sweep(line, config) as sweep:
        try:
            where = sweep.path.absolute()  # the workers of a cluster do not start where we are
            _hand_over(train, [*line.arguments, f"{directories.SWEEP_DIR}={where}"])
        finally:
            code = sweeps.compare(sweep.path) if sweep.has_runs else codes.FAILED
    return code


def _hand_over(train: Callable[[], None], arguments: list[str]) -> int:
    prepare()
    launchers.register()
    sys.argv[1:] = arguments
    train()
    return codes.DONE
