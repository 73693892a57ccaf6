"""Words of a command that are wrong: which one, and what is meant or allowed instead."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from kreg import check
from kreg.config import renamed, schema, strengths
from kreg.config.validate import ConfigError, unknown_key
from kreg.launch import catalogue, commandline

Groups = dict[str, list[str]]  # the options of each group
FREE = ("params",)  # the keys below it belong to a user's component
BELOW = (*FREE, "data.types", "optimizer.rates")  # the keys below these are the user's own


def check_name(override: Override) -> None:
    """Refuse the old name of a key with the new one."""
    value = commandline.told(override).partition("=")[2]
    if told := renamed.sentence(override.key_or_group, value):
        raise ConfigError(told)


def check_strength(parsed: Sequence[Override]) -> None:
    """Refuse a strength that is told twice, or to a penalty that has none."""
    try:
        strengths.check({o.key_or_group: commandline.told(o) for o in parsed})
    except ValueError as error:
        raise ConfigError(str(error)) from error


def check_choice(override: Override, options: Groups) -> None:
    group, value = override.key_or_group, override.value()
    known = options[group]
    if group in schema.SEVERAL and isinstance(value, list):
        _check_each(override, [str(name) for name in value], known)
    elif value not in known:
        near = check.did_you_mean(value, known)
        raise ConfigError(
            f"{override.input_line}: the group `{group}` has no option {str(value)!r}. "
            f"Its options are: {', '.join(known)}. {near}".rstrip()
        )


def _check_each(override: Override, names: list[str], known: list[str]) -> None:
    """Several options of a group."""
    twice = sorted({name for name in names if names.count(name) > 1})
    wrong = [name for name in names if name not in known]
    if not names or twice:
        what = f"names {', '.join(twice)} twice" if twice else "chooses nothing"
        group = override.key_or_group
        raise ConfigError(f"{override.input_line} {what}. Say {group}=none for none of them.")
    if wrong:
        near = check.did_you_mean(wrong[0], known)
        raise ConfigError(
            f"{override.input_line}: the group `{override.key_or_group}` has no option "
            f"{wrong[0]!r}. Its options are: {', '.join(known)}. {near}".rstrip()
        )


def check_key(
    override: Override, tree: dict[str, Any], options: Groups, said: Collection[str] = ()
) -> None:
    """Refuse a key that is not there.

    Args:
        override: The word.
        tree: What the chosen options have.
        options: Of each group.
        said: The keys of all words.
    """
    path = override.key_or_group.split(".")
    added = commandline.told(override).startswith("+")  # Hydra's own part may be added to
    if path[0] in FREE or path[0].startswith("hydra/") or (added and path[0] == "hydra"):
        return
    if path[0] not in tree:
        known = sorted({*options, *tree} - {"hydra"})
        near = check.did_you_mean(path[0], known)
        raise ConfigError(
            f"{override.input_line}: there is no group or key {path[0]!r}. "
            f"There are: {', '.join(known)}. {near}".rstrip()
        )
    if len(path) > 2 and path[0] in schema.SEVERAL and path[1] in options[path[0]]:
        _check_chosen(override, path[1], list(tree[path[0]]))
    node, prefix = tree, ""
    for name in path:
        if prefix.rstrip(".").endswith(BELOW):
            return
        if not isinstance(node, dict):
            whole = prefix.rstrip(".") in said  # a schedule, say, by another word
            return None if added or whole else _refuse_below(override, prefix.rstrip("."), node)
        if name not in node:
            sentence = f"{override.input_line}: {unknown_key(prefix, name, node)}"
            raise ConfigError(sentence + _elsewhere(prefix.rstrip("."), name))
        node, prefix = node[name], f"{prefix}{name}."
    if path[0] == "arguments" and isinstance(node, dict):  # elsewhere a mapping is a schedule, say
        value = override.value()
        for name in map(str, value if isinstance(value, dict) else ()):
            if name not in node:
                raise ConfigError(f"{override.input_line}: {unknown_key(prefix, name, node)}")


def _refuse_below(override: Override, key: str, value: object) -> None:
    """A key below a value, which has none."""
    schedule = " A schedule is said whole: {}='{{kind: linear, start: 0, end: 1, duration: 10}}'."
    number = isinstance(value, int | float) and not isinstance(value, bool)
    raise ConfigError(
        f"{override.input_line}: `{key}` is {json.dumps(value)} and has no keys."
        + (schedule.format(key) if number else "")
    )


def _check_chosen(override: Override, option: str, chosen: list[str]) -> None:
    """Refuse a key of an option, of a group of several, that is not among the chosen ones."""
    if option not in chosen:
        group = override.key_or_group.split(".")[0]
        several = ",".join([*(name for name in chosen if name != "none"), option])
        raise ConfigError(
            f"{override.input_line}: {group}={option} is not chosen. Say {group}={option}, or "
            f"{group}=[{several}] for several."
        )


def _elsewhere(group: str, key: str) -> str:
    """Which options of a group have the key that the chosen one lacks."""
    options = catalogue.having(group, key)
    if not options:
        return ""
    return f" Options that have it: {', '.join(f'{group}={option}' for option in options)}."
