"""The gate of the command line: every mistake ends here, in a sentence and exit code 2."""

import os
import sys
from collections.abc import Callable

from hydra.errors import HydraException

from kreg.config import schema
from kreg.config.validate import ConfigError
from kreg.launch import codes, commandline, usage
from kreg.launch.compose import compose_job, register_resolvers


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
        if not line.passes_to_hydra:
            check_all(line)
    except ConfigError as error:
        if os.environ.get("HYDRA_FULL_ERROR"):
            raise
        print(f"kreg: {error}", file=sys.stderr)
        return codes.BAD_CONFIGURATION
    return _hand_over(train, line)


def check_all(line: commandline.CommandLine) -> None:
    """Compose and check every job of the command line, a sweep's before its first job."""
    for overrides in commandline.jobs(line):
        compose_job(overrides, line.config_dir)


def _hand_over(train: Callable[[], None], line: commandline.CommandLine) -> int:
    schema.register()
    register_resolvers()
    sys.argv[1:] = line.arguments
    try:
        train()
    except HydraException as error:
        print(f"kreg: {error}", file=sys.stderr)
        return codes.BAD_CONFIGURATION
    return codes.DONE
