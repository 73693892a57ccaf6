"""Further folders of option files: `--config-dir`, and the `hydra.searchpath` of a command line."""

import importlib.resources
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from kreg.config.validate import ConfigError

KEY = "hydra.searchpath"
FILE, PACKAGE = "file://", "pkg://"


def addresses(parsed: Sequence[Override], config_dir: str | None = None) -> list[str]:
    """The folders in Hydra's own words, the first one wins; as `hydra.searchpath` takes them.

    Raises:
        ConfigError: If one does not exist: Hydra itself only warns.
    """
    if config_dir is not None and not Path(config_dir).is_dir():
        raise ConfigError(
            f"--config-dir {config_dir}: there is no such folder. Expected a folder with a "
            "sub-folder for each group, model/mine.yaml say."
        )
    own = [f"{FILE}{Path(config_dir).resolve()}"] if config_dir else []
    named = [override for override in parsed if override.key_or_group == KEY]
    return own + (_listed(named[-1]) if named else [])


def folders(parsed: Sequence[Override], config_dir: str | None = None) -> list[Path]:
    """The same as paths."""
    return [_path(address) for address in addresses(parsed, config_dir)]


def absolute(arguments: Sequence[str]) -> list[str]:
    """The words for Hydra: a cluster's workers do not start where we are.

    >>> absolute(["hydra.searchpath=[pkg://a.b,file:///c]", "seed=1"])
    ["hydra.searchpath=['pkg://a.b','file:///c']", 'seed=1']
    """
    return [_absolute(word) if word.startswith(f"{KEY}=") else word for word in arguments]


def _absolute(word: str) -> str:
    (override,) = OverridesParser.create().parse_overrides([word])
    entries: Any = override.value()
    found = [e if e.startswith(PACKAGE) else f"{FILE}{_path(e).absolute()}" for e in entries]
    return f"{KEY}=[{','.join(map(quoted, found))}]"


def quoted(text: str) -> str:
    """A string in Hydra's grammar, whatever signs are in it."""
    return "'" + text.replace("'", "\\'") + "'"


def _listed(override: Override) -> list[str]:
    value = override.value()
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ConfigError(
            f"{override.input_line}: expected a list of folders, {KEY}=[file://FOLDER] or "
            f"{KEY}=[pkg://package.folder]."
        )
    for entry in value:
        if not _path(entry).is_dir():
            raise ConfigError(
                f"{override.input_line}: there is no folder {entry!r}. Expected one with a "
                "sub-folder for each group, model/mine.yaml say."
            )
    return value


def _path(address: str) -> Path:
    if not address.startswith(PACKAGE):
        return Path(address.removeprefix(FILE))
    try:
        return Path(str(importlib.resources.files(address.removeprefix(PACKAGE))))
    except (ImportError, TypeError, ValueError):  # no such package, or not a name of one
        return Path(address)
