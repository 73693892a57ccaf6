"""The closed tables of every group: kind -> dataclass, and their registration with Hydra."""

import dataclasses
import importlib

from hydra.core.config_store import ConfigStore

from kreg import check
from kreg.config.custom import Custom, is_custom
from kreg.config.root import Root

GROUPS = (
    "model",
    "reg",
    "dropout",
    "augment",
    "data",
    "optimizer",
    "stop",
    "trainer",
    "diagnostics",
    "compress",
)


def kinds(group: str) -> dict[str, type]:
    """The table kind -> dataclass of one group."""
    return importlib.import_module(f"kreg.config.{group}").KINDS


def schema_of(group: str, kind) -> type:
    """The dataclass for a group's `kind`, or a sentence that names the nearest one."""
    if is_custom(kind):
        return Custom
    table = kinds(group)
    return table[check.choice(f"{group}.kind", kind, table)]


def defaults(schema: type) -> dict:
    """A schema's default values as plain data: what Hydra composes the YAML files onto."""
    return dataclasses.asdict(schema())


def register() -> None:
    """Make every schema available to the YAML files as `/schema/<group>/<kind>`."""
    store = ConfigStore.instance()
    for group in GROUPS:
        for kind, schema in {**kinds(group), "custom": Custom}.items():
            store.store(group=f"schema/{group}", name=kind, node=defaults(schema), provider="kreg")
    store.store(name="schema_root", node=defaults(Root), provider="kreg")
