"""kreg's options in other people's Hydra apps: `defaults: [kreg/reg: l1]`.

Hydra imports this module at every start of every Hydra app where kreg is installed, so it starts
neither Keras nor TensorFlow, and reads kreg's files only when it is asked to.

An app that wants to be explicit (an editable install under Hydra 1.3 is not discovered) calls
`kreg.hydra_plugin.register()` before its `@hydra.main`.
"""

import dataclasses
from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf

from kreg.config import conf_dir
from kreg.config.schema import GROUPS, defaults, schema_of
from kreg.config.validate import fill
from kreg.fields import Options
from kreg.foreign import yaml_text

ROOT = "kreg"
CUSTOM = "custom"  # a component of the user's own needs no option of kreg's


class KregPlugin(SearchPathPlugin):
    """Stores every option of every group as `kreg/<group>/<option>`."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        store_options()


def store_options() -> None:
    """Put kreg's options where every Hydra app finds them, complete with their defaults."""
    store = ConfigStore.instance()
    if ROOT in store.repo:  # every composition asks again
        return
    for group in GROUPS:
        for path in sorted((conf_dir() / group).glob("*.yaml")):
            if path.stem != CUSTOM:
                node = option(group, path)
                store.store(group=f"{ROOT}/{group}", name=path.stem, node=node, provider=ROOT)


def option(group: str, path: Path) -> dict[str, Any]:
    """One option file with the defaults of its kind filled in."""
    values: Any = yaml_text.read(path, dict[str, Any])
    values.pop("defaults", None)
    return {**defaults(schema_of(group, values.get("kind", path.stem))), **values}


def checked(group: str, node: Any) -> Options:
    """A node of a composed configuration as the checked dataclass that `kreg.factories` takes.

    Args:
        group: `"reg"`, `"model"`, `"dropout"`, ...
        node: What `kreg/<group>: <option>` composed, with any overrides.

    Raises:
        ValueError: With one sentence for the first wrong key, type or range.
    """
    values = dataclasses.asdict(node) if isinstance(node, Options) else node
    if isinstance(node, DictConfig):
        values = OmegaConf.to_container(node, resolve=True)
    return fill(schema_of(group, values.get("kind")), f"{ROOT}.{group}.", dict(values))


def register() -> None:
    """Make kreg's options known to the Hydra of this process."""
    Plugins.instance().register(KregPlugin)
