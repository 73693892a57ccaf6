"""Defaults that have changed: a run that an earlier version began goes on with the old ones."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from kreg.config import renamed
from kreg.config.root import Config
from kreg.training.options import ChosenGapOptions, PatienceOptions

# (group, key) -> what 0.1 did where nobody said anything
DEFAULTS_OF_0_1: dict[tuple[str, str], Any] = {("trainer", "epochs"): 60}
UNKNOWN_TO_0_1 = ("trainer", "steps")  # by its absence a record of 0.1 is told


def is_of_0_1(recorded: Mapping[str, Any] | None) -> bool:
    """Whether 0.1 has recorded this configuration."""
    group, name = UNKNOWN_TO_0_1
    return recorded is not None and name not in recorded.get(group, {})


def stopped_by_patience(config: Config, recorded: Mapping[str, Any] | None) -> bool:
    """Whether nobody has named a rule, and 0.1 took another one than `stop=auto` does now."""
    if recorded is None or not (is_of_0_1(recorded) and isinstance(config.stop, ChosenGapOptions)):
        return False
    return bool(renamed.current(recorded).get("stop") == asdict(PatienceOptions()))


def as_begun(config: Config, recorded: Mapping[str, Any] | None) -> Config:
    """What a command means in the directory of a run: its own defaults, or those of 0.1.

    Args:
        config: The checked configuration of the command.
        recorded: That of the run which it goes on with, or `None` for a new one.
    """
    if not is_of_0_1(recorded):
        return config
    for (group, name), before in DEFAULTS_OF_0_1.items():
        options = getattr(config, group)
        if hasattr(options, name) and getattr(options, name) == getattr(type(options)(), name):
            config = replace(config, **{group: replace(options, **{name: before})})
    if stopped_by_patience(config, recorded):
        config = replace(config, stop=PatienceOptions())
    return config


def current(recorded: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """A recorded configuration in the words of this version, to be compared with a command's.

    Args:
        recorded: What `Config.to_dict` gave, in this or in an earlier version.
        config: The checked configuration of the command.
    """
    tree = renamed.current(recorded)
    if stopped_by_patience(config, recorded):
        tree["stop"] = asdict(config.stop)
    if is_of_0_1(recorded):
        then, now = as_begun(config, recorded).to_dict(), config.to_dict()
        for (group, name), before in DEFAULTS_OF_0_1.items():
            value = recorded.get(group, {}).get(name, before)
            if name in now[group]:
                same = value == then[group][name]
                tree.setdefault(group, {})[name] = now[group][name] if same else value
    return tree


def record(config: Config, recorded: Mapping[str, Any] | None) -> dict[str, Any]:
    """What `config.json` holds of a run; one that 0.1 began stays one of 0.1."""
    tree = config.to_dict()
    if is_of_0_1(recorded):
        del tree[UNKNOWN_TO_0_1[0]][UNKNOWN_TO_0_1[1]]
    return tree
