"""`model=auto`: where nobody says which model, the gate says it, in words that name options.

What Hydra composes, the run's record and every job of a sweep then have these words, as if they had
been typed. A word for a group, one of its options or of its keys, keeps that group as it would be.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kreg.config import conf_dir, suited
from kreg.config.suited import Suited
from kreg.config.validate import ConfigError
from kreg.launch import commandline, folders_of_options
from kreg.launch.commandline import CommandLine
from kreg.launch.compose import choices, compose_trusted
from kreg.launch.trust import UntrustedError
from kreg.printable import say

MODEL, DATA, AUTO = "model", "data", "auto"
EXPERIMENT, SEARCH = "experiment", "cocktail"  # a search begins with what suits the data, too
ABOVE = ("recipe", "experiment", "procedure")  # what chooses a model, or has no use for one
LOCAL = conf_dir() / "local" / "default.yaml"
DENSE, AS = "model=deep", "model=auto; another by its name"


class Found(NamedTuple):
    """What suits the data, and the options of all groups where it is not said."""

    suited: Suited
    options: dict[str, str]


NOTHING = Found(suited.NOTHING, {})


def spelt_out(line: CommandLine) -> tuple[CommandLine, str]:
    """The command line with the words that `model=auto` stands for, and a sentence on them.

    Raises:
        ConfigError: If `auto` is one of several models to be compared.
    """
    line = _without_auto(line)
    if _says_the_model(line) or not _names_data(line):
        return line, ""
    found = _for_all_data(line)
    return _with(line, found) if found.suited.reason else (line, "")


def _without_auto(line: CommandLine) -> CommandLine:
    """`model=auto` is what stands there where nobody says anything."""
    for override in _of(line, MODEL):
        if AUTO not in _values(line, override):
            continue
        if override.is_sweep_override():
            raise ConfigError(
                f"{override.input_line}: auto stands for another model, which it does not name. "
                "List the models themselves, model=tabm,deep say."
            )
        told = commandline.told(override)
        arguments = [word for word in line.arguments if word != told]
        overrides = [o for o in line.overrides if o is not override]
        return dataclasses.replace(line, arguments=arguments, overrides=overrides)
    return line


def _says_the_model(line: CommandLine) -> bool:
    told = [o for o in line.overrides if group_of(o) in (MODEL, *ABOVE)]
    return any(o.key_or_group != EXPERIMENT or set(_values(line, o)) != {SEARCH} for o in told)


def _names_data(line: CommandLine) -> bool:
    """Whether the command, or a file of the user's, names data; those of the default are known."""
    told = _of(line, DATA) or _of(line, folders_of_options.KEY)
    return bool(told) or line.config_dir is not None or LOCAL.exists()


def _of(line: CommandLine, key: str) -> list[Override]:
    return [override for override in line.overrides if override.key_or_group == key]


def _values(line: CommandLine, override: Override) -> list[str]:
    """What an override chooses: one option, or those of a sweep."""
    (spelt,) = commandline.spelt_out(dataclasses.replace(line, overrides=[override]))
    return [str(one.value()) for one in spelt]


def group_of(override: Override) -> str:
    """The group that an override speaks of.

    >>> group_of(*commandline.parse_overrides(["reg.l1=1e-4"]))
    'reg'
    """
    return override.key_or_group.split(".")[0]


# --- what suits the data --------------------------------------------------------------------------


def _for_all_data(line: CommandLine) -> Found:
    """What suits the data, or those of every job of a sweep."""
    others = commandline.one_by_one(line)
    swept = [o for o in _of(line, DATA) if o.is_sweep_override()]
    names = [f"{DATA}={name}" for o in swept for name in _values(line, o)]
    jobs = [[*others, *commandline.parse_overrides([name])] for name in names] or [others]
    found = [_for_job(job, line.config_dir) for job in jobs]
    if len({one.suited.word for one in found}) == 1:
        return found[0]
    say(
        f"{swept[0].input_line}: no model suits tables and pictures alike, so that all jobs get "
        f"model={AUTO} as it is for kreg's own pictures. Name another to compare with: model=tabm."
    )
    return NOTHING


def _for_job(parsed: Sequence[Override], config_dir: str | None) -> Found:
    """What suits the data of one job; nothing where something else is wrong with it."""
    try:
        tree = compose_trusted(parsed, config_dir)
        return Found(_for_tree(tree), choices(tree))
    except UntrustedError:
        raise
    except (ValueError, OmegaConfBaseException):  # whoever checks the job says it better
        return NOTHING


def _for_tree(tree: DictConfig) -> Suited:
    """What suits the data of a composed tree, if no file has chosen a model."""
    chosen: Any = OmegaConf.select(tree, "hydra.runtime.choices")
    searches = tree.procedure == chosen.get(EXPERIMENT) == SEARCH
    above = any(chosen.get(name) for name in ABOVE) or tree.procedure != "train"
    if (above and not searches) or chosen[MODEL] != AUTO:
        return suited.NOTHING
    values: Any = OmegaConf.to_container(tree[DATA], resolve=True)
    found = suited.for_data(values)
    return suited.model_alone(found) if searches else found


# --- the words ------------------------------------------------------------------------------------


def _with(line: CommandLine, found: Found) -> tuple[CommandLine, str]:
    """The command line with a word more, and one for each group of which only keys were said."""
    (word, reason), before = found
    words = [word] if word else []
    after = _choices(line, words) if words else before
    changed = {group: option for group, option in after.items() if option != before[group]}
    said = {group_of(override) for override in line.overrides}
    keyed = [group for group in changed if group in said and not _of(line, group)]
    chosen = [f"{group}={option}" for group, option in changed.items() if group not in said]
    words += [f"{group}={before[group]}" for group in keyed]
    longer = dataclasses.replace(
        line,
        arguments=[*line.arguments, *words],
        overrides=[*line.overrides, *commandline.parse_overrides(words)],
    )
    return longer, f"{reason}: {' '.join(chosen) or DENSE} ({AS})."


def _choices(line: CommandLine, words: list[str]) -> dict[str, str]:
    """The option of each group under some more words, whatever keys are said."""
    said = [o for o in commandline.one_by_one(line) if "." not in o.key_or_group]
    folders = _of(line, folders_of_options.KEY)
    return choices(
        compose_trusted([*said, *folders, *commandline.parse_overrides(words)], line.config_dir)
    )
