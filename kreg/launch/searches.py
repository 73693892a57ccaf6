"""`hparams_search=...` on a command line: what is searched, held against what a search can take."""

from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import IntervalSweep

from kreg.config import conf_dir
from kreg.config.validate import ConfigError
from kreg.foreign import yaml_text
from kreg.launch import commandline
from kreg.launch.commandline import CommandLine
from kreg.sweeps.sweeper import Search

GROUP, SETTINGS = "hparams_search", "hydra.sweeper."


def asked(line: CommandLine) -> Search | None:
    """The search of a command line; `None` for a plain sweep.

    Raises:
        ConfigError: If a setting of the search is out of range or its sampler is not installed.
    """
    option = option_of(line)
    if option is None:
        return None
    given = {o.key_or_group: o.value() for o in line.overrides}
    own = {k.removeprefix(SETTINGS): v for k, v in given.items() if k.startswith(SETTINGS)}
    try:
        return Search(**{**defaults(option, line.config_dir), **own})
    except ValueError as error:
        raise ConfigError(str(error)) from error


def option_of(line: CommandLine) -> str | None:
    """The search that a command line names, or `None`."""
    named = [o.value() for o in line.overrides if o.key_or_group == GROUP]
    return str(named[-1]) if named else None


def defaults(option: str, config_dir: str | None = None) -> dict[str, Any]:
    """What an option says of the sweeper."""
    folders = [Path(config_dir), conf_dir()] if config_dir else [conf_dir()]
    files = [folder / GROUP / f"{option}.yaml" for folder in folders]
    trees = (yaml_text.read(f, dict[str, Any]) for f in files if f.is_file())
    tree: dict[str, Any] = next(trees, {})
    return dict((tree.get("hydra") or {}).get("sweeper") or {})


def check(line: CommandLine) -> None:
    """Refuse a search that has nothing to choose from, before its directory is made.

    Raises:
        ConfigError: Also if it is asked for without `-m`, where Hydra would train once.
    """
    search = asked(line)
    if search is None:
        refuse_intervals(line)
        return
    if not line.multirun:
        raise ConfigError(
            f"{GROUP} tries many settings. Add -m: python train.py -m {' '.join(line.arguments)}"
        )
    try:
        search.dimensions(search_words(line))
    except ValueError as error:
        raise ConfigError(str(error)) from error


def search_words(line: CommandLine) -> list[str]:
    """The overrides of a command line, as a search reads them."""
    return [commandline.told(override) for override in line.overrides]


def refuse_intervals(line: CommandLine) -> None:
    """A plain sweep needs values; only a search draws some from between two bounds.

    Raises:
        ConfigError: With the search that would.
    """
    for override in line.overrides:
        if isinstance(override.value(), IntervalSweep):
            raise ConfigError(
                f"{override.input_line!r} has no values to try one after the other. Add "
                f"{GROUP}=optuna or {GROUP}=random to search between its bounds, or list values."
            )
