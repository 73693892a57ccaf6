"""What the words of a command line say of a group."""

import dataclasses

from hydra.core.override_parser.types import Override

from kreg.launch import commandline
from kreg.launch.commandline import CommandLine


def of(line: CommandLine, key: str) -> list[Override]:
    return [override for override in line.overrides if override.key_or_group == key]


def values(line: CommandLine, override: Override) -> list[str]:
    """What an override chooses: one option, or those of a sweep."""
    (spelt,) = commandline.spelt_out(dataclasses.replace(line, overrides=[override]))
    return [str(one.value()) for one in spelt]


def group_of(override: Override) -> str:
    """The group that an override speaks of.

    >>> group_of(*commandline.parse_overrides(["reg.l1=1e-4"]))
    'reg'
    """
    return override.key_or_group.split(".")[0]
