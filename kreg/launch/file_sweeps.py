"""`hydra.sweeper.params` of an option file: values to sweep that no command line repeats."""

import dataclasses
from collections.abc import Mapping

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from kreg.config.validate import ConfigError
from kreg.launch import commandline
from kreg.launch.commandline import CommandLine, one_by_one
from kreg.launch.compose import compose_trusted
from kreg.launch.trust import UntrustedError
from kreg.printable import say, shortened

KEY = "hydra.sweeper.params"


def joined(line: CommandLine) -> CommandLine:
    """The command line with the values of the files, as Hydra's sweeper joins them.

    They come first, and an override of the same key takes their place. A single run has no use for
    them, and says so.

    Raises:
        ConfigError: If the command line sets the key itself, which Hydra cannot.
    """
    for override in line.overrides:
        if override.key_or_group.startswith(KEY):
            raise ConfigError(
                f"{shortened(commandline.told(override))}: {KEY} is for files. On the "
                "command line say the values themselves: -m reg.l1=1e-4,1e-3."
            )
    params = _params(line)
    if params and not line.multirun:
        say(f"{KEY} of an option file is for sweeps: add -m to try its values.")
    if not params or not line.multirun:
        return line
    found: dict[str, Override] = {}
    for override in [*_parsed(params), *line.overrides]:
        found[override.get_key_element()] = override
    return dataclasses.replace(line, overrides=list(found.values()))


def _params(line: CommandLine) -> Mapping[str, object]:
    try:
        tree = compose_trusted(one_by_one(line), line.config_dir)
    except UntrustedError:
        raise
    except ConfigError:  # whoever checks the jobs has a better sentence for it
        return {}
    return dict(OmegaConf.select(tree, KEY) or {})


def _parsed(params: Mapping[str, object]) -> list[Override]:
    return commandline.parse_overrides([f"{key}={value}" for key, value in params.items()])
