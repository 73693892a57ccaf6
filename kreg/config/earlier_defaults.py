"""Defaults that have changed: a run that an earlier version began goes on with the old ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kreg.config import automatic, renamed
from kreg.config.backends import TENSORFLOW
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.fields import is_by_task
from kreg.training.stop_options import AutoStopOptions, GapOptions

# (group, key) -> what 0.1 did where nobody said anything
DEFAULTS_OF_0_1: dict[tuple[str, str], Any] = {
    ("trainer", "epochs"): 60,
    ("data", "fold"): 0,
    ("data", "channels"): 3,
    ("stop", "average"): 1,
}
# (group, key) -> what a run does whose record was written before there was the key
BEFORE_THE_KEY: dict[tuple[str, str], Any] = {("data", "dates"): "days"}
CHOSEN = ("stop", "optimizer")  # groups with values that `automatic.chosen` puts there
UNKNOWN_TO_0_1 = ("trainer", "steps")  # by its absence a record of 0.1 is told


def is_of_0_1(recorded: Mapping[str, Any] | None) -> bool:
    """Whether 0.1 has recorded this configuration."""
    group, name = UNKNOWN_TO_0_1
    return recorded is not None and name not in recorded.get(group, {})


def as_begun(config: Config, recorded: Mapping[str, Any] | None) -> Config:
    """What a command means in the directory of a run: its own defaults, or those of its time.

    Args:
        config: The checked configuration of the command.
        recorded: That of the run which it goes on with, or `None` for a new one.
    """
    config = with_rate(with_defaults(config, lacking(recorded)), recorded)
    if not is_of_0_1(recorded):
        return config
    return without_gap(with_defaults(config, DEFAULTS_OF_0_1))


def lacking(recorded: Mapping[str, Any] | None) -> dict[tuple[str, str], Any]:
    """What a record leaves unsaid, because its version had no such key."""
    groups = recorded or {}
    return {
        (group, name): before
        for (group, name), before in BEFORE_THE_KEY.items()
        if group in groups and name not in groups[group]
    }


def with_defaults(config: Config, before: Mapping[tuple[str, str], Any]) -> Config:
    """A configuration with these values where it has the defaults of this version."""
    for (group, name), value in before.items():
        options = getattr(config, group)
        if hasattr(options, name) and getattr(options, name) == getattr(type(options)(), name):
            config = replace(config, **{group: replace(options, **{name: value})})
    return config


def with_rate(config: Config, recorded: Mapping[str, Any] | None) -> Config:
    """Where a command leaves the learning rate to the task: the number that the run has."""
    rate = recorded_rate(config, recorded)
    if rate is None:
        return config
    optimizer: Any = config.optimizer
    return replace(config, optimizer=replace(optimizer, learning_rate=rate))


def recorded_rate(config: Config, recorded: Mapping[str, Any] | None) -> float | None:
    """The recorded learning rate, where it is one of those that the command leaves to the task."""
    rate = (recorded or {}).get("optimizer", {}).get("learning_rate")
    wanted: Any = getattr(config.optimizer, "learning_rate", None)
    return float(rate) if is_by_task(wanted) and rate in wanted.values() else None


def without_gap(config: Config) -> Config:
    """A linear model as 0.1 trained it: with patience, along a cosine. It knew no `stop=gap`."""
    alone = DEFAULTS_OF_0_1["stop", "average"]
    if config.stop != GapOptions(average=alone):
        return config
    calm = replace(config, stop=AutoStopOptions(average=alone))
    if not isinstance(config.optimizer, Custom):
        calm = replace(calm, optimizer=replace(config.optimizer, schedule="auto"))
    return automatic.chosen(calm)


def current(recorded: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """A recorded configuration in the words of this version, to be compared with a command's.

    Args:
        recorded: What `Config.to_dict` gave, in this or in an earlier version.
        config: The checked configuration of the command.
    """
    tree = renamed.current(recorded)
    for (group, name), before in lacking(recorded).items():
        if getattr(getattr(config, group), name, None) == before:
            tree[group][name] = before
    if recorded_rate(config, recorded) is not None:
        tree["optimizer"]["learning_rate"] = config.to_dict()["optimizer"]["learning_rate"]
    if "backend" not in recorded.get("trainer", {}):  # before there was a choice
        tree["trainer"] = {**tree.get("trainer", {}), "backend": TENSORFLOW}
    if is_of_0_1(recorded):
        then, now = as_begun(config, recorded).to_dict(), config.to_dict()
        for (group, name), before in DEFAULTS_OF_0_1.items():
            value = recorded.get(group, {}).get(name, before)
            if group not in CHOSEN and name in now[group]:
                same = value == then[group][name]
                tree.setdefault(group, {})[name] = now[group][name] if same else value
        for group in CHOSEN:
            tree[group] = now[group] if tree.get(group) == then[group] else tree.get(group)
    return tree


def record(config: Config, recorded: Mapping[str, Any] | None) -> dict[str, Any]:
    """What `config.json` holds of a run; one that an earlier version began stays one of its own."""
    tree = config.to_dict()
    for group, name in lacking(recorded):
        tree[group].pop(name, None)
    if is_of_0_1(recorded):
        del tree[UNKNOWN_TO_0_1[0]][UNKNOWN_TO_0_1[1]]
    return tree
