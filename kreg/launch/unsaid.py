"""`model=auto`: where nobody says which model, the gate says it, in words that name options.

What Hydra composes, the run's record and every job of a sweep then have these words, as if they had
been typed. A word for a group, one of its options or of its keys, keeps that group as it would be.
"""

import dataclasses

from kreg.config import conf_dir
from kreg.config.validate import ConfigError
from kreg.launch import commandline, folders_of_options, suits_data
from kreg.launch.commandline import CommandLine
from kreg.launch.compose import choices, compose_trusted
from kreg.launch.said import group_of, of, values
from kreg.launch.suits_data import ABOVE, AUTO, DATA, EXPERIMENT, MODEL, SEARCH, Found

LOCAL = conf_dir() / "local" / "default.yaml"
DENSE, AS = "model=deep", "model=auto; another by its name"


def spelt_out(line: CommandLine) -> tuple[CommandLine, str]:
    """The command line with the words that `model=auto` stands for, and a sentence on them.

    Raises:
        ConfigError: If `auto` is one of several models to be compared.
    """
    line = _without_auto(line)
    if _says_the_model(line) or not _names_data(line):
        return line, ""
    found = suits_data.for_all_data(line)
    return _with(line, found) if found.suited.reason else (line, "")


def _without_auto(line: CommandLine) -> CommandLine:
    """`model=auto` is what stands there where nobody says anything."""
    for override in of(line, MODEL):
        if AUTO not in values(line, override):
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
    return any(o.key_or_group != EXPERIMENT or set(values(line, o)) != {SEARCH} for o in told)


def _names_data(line: CommandLine) -> bool:
    """Whether the command, or a file of the user's, names data; those of the default are known."""
    told = of(line, DATA) or of(line, folders_of_options.KEY)
    return bool(told) or line.config_dir is not None or LOCAL.exists()


def _with(line: CommandLine, found: Found) -> tuple[CommandLine, str]:
    """The command line with a word more, and one for each group of which only keys were said."""
    (word, reason), before = found
    words = [word] if word else []
    after = _choices(line, words) if words else before
    changed = {group: option for group, option in after.items() if option != before[group]}
    said = {group_of(override) for override in line.overrides}
    keyed = [group for group in changed if group in said and not of(line, group)]
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
    folders = of(line, folders_of_options.KEY)
    return choices(
        compose_trusted([*said, *folders, *commandline.parse_overrides(words)], line.config_dir)
    )
