"""What the words of a command line say of a group or a key."""

import dataclasses
from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from kreg.launch import commandline
from kreg.launch.commandline import CommandLine


def of(line: CommandLine, key: str) -> list[Override]:
    return [override for override in line.overrides if override.key_or_group == key]


def values(line: CommandLine, override: Override) -> list[str]:
    """What an override chooses: one option, or those of a sweep."""
    (spelt,) = commandline.spelt_out(dataclasses.replace(line, overrides=[override]))
    return [str(one.value()) for one in spelt]


def by_key(parsed: Sequence[Override]) -> dict[str, str]:
    """What a job is told: key to word, but for the keys that are to be left out.

    >>> by_key(commandline.parse_overrides(["reg=l1", "reg.l1=1e-4", "~debug"]))
    {'reg': 'reg=l1', 'reg.l1': 'reg.l1=1e-4'}
    """
    return {o.key_or_group: commandline.told(o) for o in parsed if not o.is_delete()}


def group_of(override: Override) -> str:
    """The group that an override speaks of.

    >>> group_of(*commandline.parse_overrides(["reg.l1=1e-4"]))
    'reg'
    """
    return override.key_or_group.split(".")[0]
