"""The tables of all groups, from the rooms of their components, and Hydra's knowledge of them."""

import dataclasses
from typing import Any

from hydra.core.config_store import ConfigStore

from kreg import check
from kreg.augment import options as augment
from kreg.config.custom import Custom, is_custom
from kreg.config.root import Root
from kreg.data import options as data
from kreg.fields import Kinds, Options
from kreg.layers import options as layers
from kreg.loggers import options as loggers
from kreg.models import options as models
from kreg.optimizers import options as optimizers
from kreg.regularizers import options as regularizers
from kreg.training import options as training
from kreg.training import stop_options

GROUPS: dict[str, Kinds] = {
    "model": models.KINDS,
    "reg": regularizers.KINDS,
    "dropout": layers.KINDS,
    "augment": augment.KINDS,
    "data": data.KINDS,
    "optimizer": optimizers.KINDS,
    "stop": stop_options.STOP,
    "trainer": training.TRAINER,
    "diagnostics": training.DIAGNOSTICS,
    "logger": loggers.LOGGERS,
    "callbacks": training.CALLBACKS,
    "compress": training.COMPRESS,
    "finetune": training.FINETUNE,
}
SEVERAL = ("logger",)  # groups of which several options may be chosen: each has a part of its own


def schema_of(group: str, kind: object, key: str = "") -> type[Options]:
    """The dataclass for a group's `kind`, or a sentence that names the nearest one.

    Args:
        group: Its name.
        kind: What was given.
        key: Where it stands, if not in the group's own place.
    """
    if is_custom(kind):
        return Custom
    table = GROUPS[group]
    return table[check.choice(f"{key or group}.kind", kind, table)]


def defaults(schema: type[Options] | type[Root]) -> dict[str, Any]:
    """A schema's default values as plain data: what Hydra composes the YAML files onto."""
    return dataclasses.asdict(schema())


def register() -> None:
    """Make every schema available to the YAML files as `/schema/<group>/<kind>`."""
    store = ConfigStore.instance()
    for group, kinds in GROUPS.items():
        for kind, schema in {**kinds, "custom": Custom}.items():
            store.store(group=f"schema/{group}", name=kind, node=defaults(schema), provider="kreg")
    store.store(name="schema_root", node=defaults(Root), provider="kreg")
