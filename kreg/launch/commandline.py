"""A command line, taken apart: Hydra's flags here, overrides there, sweeps spelt out."""

import argparse
import itertools
import re
from dataclasses import dataclass, field
from typing import NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override
from hydra.errors import HydraException

from kreg.config.validate import ConfigError
from kreg.launch import catalogue

# `compress=true` reads better than a group's option; Hydra's groups take only names
SHORTHANDS = {
    "compress=true": "compress=on",
    "compress=false": "compress=off",
}

MODE = "hydra.mode"
INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")

# the user's own keys are in no schema: Hydra would ask for a `+` before each
FREE = re.compile(r"(\w+(\.custom)?\.params|data\.types|optimizer\.rates)[.=]")


@dataclass
class CommandLine:
    """`overrides` in the user's words, parsed; `multirun` and `config_dir` are Hydra's flags."""

    arguments: list[str]
    overrides: list[Override] = field(default_factory=list)
    multirun: bool = False
    help: bool = False
    shows_only: bool = False  # --cfg
    passes_to_hydra: bool = False
    config_dir: str | None = None
    replicated: bool = False  # its seeds and folds are written out


def parse(arguments: list[str]) -> CommandLine:
    """Take `sys.argv[1:]` apart.

    Raises:
        ConfigError: If an override is not of the form `key=value`.
    """
    arguments = [for_hydra(argument) for argument in arguments]
    flags, words = _flags().parse_known_args(arguments)
    for word in words:
        if word.startswith("-"):
            raise unknown_flag(word)
    if flags.refused:
        raise ConfigError(
            "--config-path, --config-name and --experimental-rerun are refused: kreg composes its "
            "own configuration. Add options of your own with --config-dir FOLDER; a run goes on "
            "where its command is given again, or with resume=FOLDER."
        )
    overrides = parse_overrides(words)
    return CommandLine(
        arguments=_flags_first(arguments, words),
        overrides=overrides,
        multirun=is_multirun(flags.multirun, overrides),
        help=flags.help,
        shows_only=flags.cfg is not None,
        passes_to_hydra=bool(flags.hydra or flags.info),
        config_dir=flags.config_dir,
    )


def for_hydra(argument: str) -> str:
    """An argument as Hydra reads it.

    >>> for_hydra("compress=true"), for_hydra("model.params.width=64")
    ('compress=on', '++model.params.width=64')
    """
    argument = SHORTHANDS.get(argument, argument)
    return f"++{argument}" if FREE.match(argument) else argument


def is_multirun(flag: bool, overrides: list[Override]) -> bool:
    """Whether the command is a sweep: by `-m`, or by `hydra.mode`.

    Raises:
        ConfigError: If the two contradict each other.
    """
    modes = [str(o.value()).upper() for o in overrides if o.key_or_group == MODE]
    if flag and modes[-1:] == ["RUN"]:
        raise ConfigError(f"-m asks for a sweep, and {MODE}=RUN for a single run. Leave one out.")
    return flag or modes[-1:] == ["MULTIRUN"]


def _flags() -> argparse.ArgumentParser:
    parser = _Flags(add_help=False, allow_abbrev=False)
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"))
    parser.add_argument("--info", "-i", nargs="?", const="all", choices=INFO)
    parser.add_argument("--package", "-p")
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("--config-dir", "-cd", dest="config_dir")
    for flag in ("--hydra-help", "--version", "--shell-completion", "-sc"):
        parser.add_argument(flag, dest="hydra", action="store_true")
    for flag in ("--config-path", "-cp", "--config-name", "-cn", "--experimental-rerun"):
        parser.add_argument(flag, dest="refused")
    return parser


def _flags_first(arguments: list[str], words: list[str]) -> list[str]:
    """The flags before the overrides: Hydra's parser wants all overrides in one piece."""
    flags = list(arguments)
    for word in words:
        flags.remove(word)
    last = flags[-1:]
    if last in (["--info"], ["-i"]):  # it would take the first override for its value
        flags[-1] = "--info=all"
    return flags + words


class _Flags(argparse.ArgumentParser):
    """argparse, whose mistakes are sentences too."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[:1].upper()}{message[1:]}. See python train.py --help.")


def unknown_flag(word: str) -> ConfigError:
    """The error for a word with dashes that is no flag."""
    key = word.lstrip("-")
    advice = f"Keys have no dashes: {key}. " if "=" in key else ""
    return ConfigError(f"{shortened(word)} is no flag. {advice}See python train.py --help.")


def shortened(text: str, most: int = 80) -> str:
    """At most so many characters of what a user has written, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def parse_overrides(words: list[str]) -> list[Override]:
    """Words of the form `key=value`, each checked to be one."""
    parser, parsed = OverridesParser.create(), []
    for word in words:
        try:
            found = parser.parse_overrides([word])
        except (HydraException, ValueError, RecursionError) as error:
            raise not_an_override(word) from error
        if not all(override.key_or_group for override in found):
            raise not_an_override(word)
        parsed += found
    return parsed


def told(override: Override) -> str:
    """An override in the user's own words."""
    return str(override.input_line)


def not_an_override(word: str) -> ConfigError:
    """The error for a word that is neither a flag nor `key=value`."""
    return ConfigError(
        f"{shortened(word)!r} is not an override. Expected key=value or group=option, for example "
        f"reg=l1 or trainer.epochs=20. Quote values with spaces or special characters."
    )


def jobs(line: CommandLine, options: dict[str, list[str]] | None = None) -> list[list[Override]]:
    """The overrides of every job that the command line starts: one list, or a sweep's product.

    Raises:
        ConfigError: If a sweep is empty, or a sweep is asked for without `-m`.
    """
    return [list(job) for job in itertools.product(*spelt_out(line, options))]


def one_by_one(line: CommandLine) -> list[Override]:
    """The overrides with one value: what Hydra starts a sweep with."""
    return [override for override in line.overrides if not override.is_sweep_override()]


def each_once(line: CommandLine) -> list[list[Override]]:
    """A few jobs of a sweep, in which every value of every override comes at least once."""
    spelt = spelt_out(line, None)
    return [
        [values[min(place, len(values) - 1)] for values in spelt]
        for place in range(max(map(len, spelt), default=1))
    ]


def spelt_out(
    line: CommandLine, options: dict[str, list[str]] | None = None
) -> list[list[Override]]:
    """For each override the list of those with one value."""
    options = options or catalogue.groups()
    return [_spell_out(override, line.multirun, options) for override in line.overrides]


def _spell_out(override: Override, multirun: bool, options: dict[str, list[str]]) -> list[Override]:
    if not override.is_sweep_override():
        return [override]
    if not multirun:
        raise ConfigError(
            f"{override.input_line!r} names several values. Add -m to train one job for each: "
            f"python train.py -m {override.input_line}"
        )
    if override.key_or_group.startswith(("hydra.", "hydra/", "hparams_search")):
        raise ConfigError(
            f"{override.input_line!r} names several values, but a sweep has one launcher and one "
            "search. Give it one value, and start a command for each."
        )
    value = override.value()
    if isinstance(value, IntervalSweep):
        names = [str(value.start), str(value.end)]  # a search draws from between them
    elif isinstance(value, Glob):
        names = value.filter(options.get(override.key_or_group, []))
    else:
        names = _values(override)
    if not names:
        raise ConfigError(
            f"{override.input_line!r} matches nothing, so there would be no job to run. "
            + _to_match(override.key_or_group, options)
        )
    head = told(override).split("=", 1)[0]
    return parse_overrides([for_hydra(f"{head}={name}") for name in names])


def _values(override: Override) -> list[str]:
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:  # range(0,3,0)
        raise ConfigError(f"{override.input_line!r}: {error}.") from error


def _to_match(group: str, options: dict[str, list[str]]) -> str:
    if group in options:
        return f"The options of `{group}` are: {', '.join(options[group])}."
    return "Give at least one value."
