"""A command line, taken apart: Hydra's flags here, overrides there, sweeps spelt out."""

import argparse
import itertools
import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException

from kreg.config.validate import ConfigError
from kreg.launch import catalogue
from kreg.printable import shortened
from kreg.sweeps import grid

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
    own = word.removeprefix("++")  # of `for_hydra`
    advice = "Quote values with spaces or special characters."
    if "={" in own:
        advice = (
            "Quote a mapping of other names: data.types='{größe (m²): number}', all of it in \"\"."
        )
    return ConfigError(
        f"{shortened(own)!r} is not an override. Expected key=value or group=option, for example "
        f"reg=l1 or trainer.epochs=20. {advice}"
    )


def jobs(line: CommandLine, options: dict[str, list[str]] | None = None) -> list[list[Override]]:
    """The overrides of every job that the command line starts: one list, or a sweep's grid.

    Raises:
        ConfigError: If a sweep is empty, or a sweep is asked for without `-m`.
    """
    return grid.once([list(job) for job in itertools.product(*spelt_out(line, options))], told)


def sizes(line: CommandLine) -> dict[str, int]:
    """How many values each key has that has several, without making them."""
    return {o.key_or_group: _count(o) for o in line.overrides if o.is_sweep_override()}


def _count(override: Override) -> int:
    value = override.value()
    if isinstance(value, RangeSweep) and value.step:
        start, stop = value.start or 0, value.stop or 0
        return max(0, math.ceil((stop - start) / value.step))
    return len(_names(override, catalogue.groups()))


def first_values(line: CommandLine) -> list[Override]:
    """The overrides with the first value of each, without making the others."""
    options = catalogue.groups()
    heads = [
        _named(o, *_first(o, options))[0] if o.is_sweep_override() else o for o in line.overrides
    ]
    return grid.fitting(heads, told)


def _first(override: Override, options: dict[str, list[str]]) -> list[str]:
    if isinstance(override.value(), RangeSweep):
        return [next(override.sweep_string_iterator())]
    return _names(override, options)[:1]


def some(line: CommandLine, most: int) -> list[list[Override]]:
    """At most so many jobs of a sweep, from all over its product, which may be enormous."""
    spelt = spelt_out(line)
    whole = math.prod(map(len, spelt))
    places = range(0, whole, -(-whole // most))
    return [grid.fitting(_job_at(spelt, place), told) for place in places]


def _job_at(spelt: list[list[Override]], place: int) -> list[Override]:
    """The job at a place of the product; the last override varies fastest."""
    found = []
    for words in reversed(spelt):
        place, own = divmod(place, len(words))
        found.append(words[own])
    return found[::-1]


def one_by_one(line: CommandLine) -> list[Override]:
    """The overrides with one value: what Hydra starts a sweep with."""
    return [override for override in line.overrides if not override.is_sweep_override()]


def each_once(line: CommandLine) -> list[list[Override]]:
    """A few jobs of a sweep, in which every value of every override comes at least once."""
    spelt = spelt_out(line)
    found = [
        [words[min(place, len(words) - 1)] for words in spelt]
        for place in range(max(map(len, spelt), default=1))
    ]
    return grid.once(found, told)


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
    names = _names(override, options)
    if not names:
        raise ConfigError(
            f"{override.input_line!r} matches nothing, so there would be no job to run. "
            + _to_match(override.key_or_group, options)
        )
    return _named(override, *names)


def _named(override: Override, *names: str) -> list[Override]:
    """An override of several values as one for each of some of them."""
    head = told(override).split("=", 1)[0]
    return parse_overrides([for_hydra(f"{head}={name}") for name in names])


def _names(override: Override, options: dict[str, list[str]]) -> list[str]:
    """The values of an override that has several."""
    value = override.value()
    if isinstance(value, IntervalSweep):
        return [str(value.start), str(value.end)]  # a search draws from between them
    if isinstance(value, Glob):
        return list(value.filter(options.get(override.key_or_group, [])))
    return _values(override)


def _values(override: Override) -> list[str]:
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:  # range(0,3,0)
        raise ConfigError(f"{override.input_line!r}: {error}.") from error


def _to_match(group: str, options: dict[str, list[str]]) -> str:
    if group in options:
        return f"The options of `{group}` are: {', '.join(options[group])}."
    return "Give at least one value."
