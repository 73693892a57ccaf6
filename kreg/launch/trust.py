"""No file runs code: what an option file may say of Hydra's own part, and who may say `allow`.

Hydra instantiates whatever a composed configuration names: callbacks, launchers, sweepers, log
handlers. An option file may come from anybody, so before Hydra starts, a composition is held
against what kreg's own `conf/` and the installed plugins name. The command line is the user.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import hydra.conf
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf

from kreg.config import conf_dir
from kreg.config.validate import ConfigError
from kreg.foreign import yaml_text

Plain: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]  # the keys that lead to a value

ALLOW = "allow"
INSTANTIATES = {"_target_", "_partial_", "_args_", "_recursive_", "_convert_"}
RESOLVERS = {  # of Hydra, OmegaConf and kreg
    "now", "hydra", "python_version", "unique", "digest", "oc.env", "oc.create", "oc.decode",
    "oc.deprecated", "oc.select", "oc.dict.keys", "oc.dict.values",
}  # fmt: skip
RESOLVER = re.compile(r"\$\{\s*([^\s:{}$]+)\s*:")
PLUGINS = ("launcher", "sweeper")
PLAIN_SWEEPERS = (
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "hydra_plugins.kreg.Grid",
)
LOGGING = ("job_logging", "hydra_logging")
HARMLESS = {  # what a file may set of a plugin: numbers and names that start nothing
    "launcher": {
        "account", "array_parallelism", "batch_size", "comment", "constraint", "cpus_per_gpu",
        "cpus_per_task", "exclude", "gpus_per_node", "gpus_per_task", "gres", "max_nbytes",
        "max_num_timeout", "mem_gb", "mem_per_cpu", "mem_per_gpu", "mmap_mode", "n_jobs", "name",
        "nodes", "partition", "qos", "signal_delay_s", "stderr_to_stdout", "tasks_per_node",
        "timeout", "timeout_min", "verbose",
    },
    "sweeper": {
        "jobs", "max_batch_size", "params", "prune", "sampler", "seconds", "seed", "space",
        "trials",
    },
}  # fmt: skip
# what a file must leave as it is, and the command line may change
DEFAULTS: dict[Path, Any] = {("job", "env_set"): {}, ("output_subdir",): ".hydra", ("mode",): None}


class UntrustedError(ConfigError):
    """Something that would run code, and that the command line has not asked for itself."""


def check(tree: Plain, parsed: Sequence[Override], groups: Sequence[str] = ()) -> None:
    """Refuse a composition in which a file, or an override, names code of its own.

    Args:
        tree: The whole composition as plain data with nothing resolved, Hydra's part included.
        parsed: The overrides of the command line.
        groups: The names of all groups.

    Raises:
        UntrustedError: With one sentence for the first thing found.
    """
    check_allow(tree, parsed)
    for path, value in leaves(tree):
        for name in RESOLVER.findall(value) if isinstance(value, str) else ():
            if name not in RESOLVERS:
                raise refused(path, f"the resolver {name!r}", f"one of {', '.join(RESOLVERS)}")
    told = {override.key_or_group for override in parsed}
    _check_hydra(tree["hydra"], told, groups)


def check_allow(tree: Plain, parsed: Sequence[Override]) -> None:
    """Refuse an `allow` that the command line has not said itself.

    Raises:
        UntrustedError: Also if it says it by an interpolation, which a file could fill in.
    """
    said = [override.value() for override in parsed if override.key_or_group == ALLOW]
    value = said[-1] if said else []
    if "${" in str(value) or (tree.get(ALLOW, []) != value and isinstance(value, list)):
        raise UntrustedError(
            f"allow={tree.get(ALLOW)} comes from an option file, and only the command line "
            "may name the packages whose code runs. If you trust it, say it there: "
            "allow=[package]."
        )


def refused(path: Path, what: str, allowed: str) -> UntrustedError:
    return UntrustedError(
        f"{'.'.join(path)}: {what} is refused, because it could run code. Allowed is {allowed}."
    )


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no mapping and no list, with its keys; empty ones count as values."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, (*path, str(key)))
    else:
        yield path, value


def _check_hydra(tree: Plain, told: set[str], groups: Sequence[str]) -> None:
    for path, value in leaves(tree):
        for key in INSTANTIATES.intersection(path):
            if (key, repr(value)) not in known_targets():
                raise refused(("hydra", *path), shown(value), "what kreg's own options name")
    if tree["callbacks"] != own_callbacks():
        raise refused(("hydra", "callbacks"), "any change", "kreg's own")
    for name in LOGGING:
        if tree[name] not in known_logging(name):
            options = f"hydra/{name}=none, disabled or default"
            raise refused(("hydra", name), "a setting of its own", options)
    for keys, default in DEFAULTS.items():
        value = functools.reduce(lambda node, key: node[key], keys, tree)
        if value != default and not _said(("hydra", *keys), told):
            raise refused(("hydra", *keys), shown(value), f"{default!r} in a file")
    if "/" in str(tree["job"].get("name", "")):
        raise refused(("hydra", "job", "name"), shown(tree["job"]["name"]), "a plain name")
    for plugin in PLUGINS:
        _check_plugin(plugin, tree[plugin], told)
    _check_space(tree["sweeper"], groups)


def _check_plugin(plugin: str, node: Plain, told: set[str]) -> None:
    """A file may set resources and the length of a search; commands and paths it may not."""
    if not isinstance(node, dict) or "_target_" not in node:
        raise refused(("hydra", plugin), shown(node), f"a choice of it: hydra/{plugin}=NAME")
    known = [own for own in known_plugins(plugin) if own["_target_"] == node["_target_"]]
    for key, value in node.items():
        path = ("hydra", plugin, key)
        as_it_is = any(key in own and own[key] == value for own in known)
        if as_it_is or _said(path, told) or (key in HARMLESS[plugin] and _is_harmless(value)):
            continue
        raise refused(path, shown(value), "its value in kreg's own options, save by command line")


def _is_harmless(value: object) -> bool:
    """No interpolation, and no line break that would begin a command in a job's script."""
    return all("${" not in str(v) and str(v).isprintable() for _, v in leaves(value))


def _check_space(sweeper: Plain, groups: Sequence[str]) -> None:
    """Further dimensions are overrides of jobs, never of what may run code or name a server.

    The jobs of a plain sweep are all checked before the first one, so they may choose from groups;
    those of a search are not known.
    """
    searching = sweeper.get("_target_") not in PLAIN_SWEEPERS
    for part in ("space", "params"):
        for key, value in (sweeper.get(part) or {}).items():
            try:
                (override,) = OverridesParser.create().parse_overrides([f"{key}={value}"])
            except (HydraException, ValueError) as error:
                raise ConfigError(f"hydra.sweeper.{part}: {key}={value} is no override.") from error
            name = override.key_or_group
            if name == ALLOW or name.startswith(("hydra.", "hydra/", f"{ALLOW}.")):
                raise refused(("hydra", "sweeper", part), repr(name), "a key of the training")
            if name.startswith("logger."):
                raise UntrustedError(
                    f"hydra.sweeper.{part}: {name!r} is refused: where a sweep is told to, only "
                    f"the command line may say, {name}=..."
                )
            if searching and name in groups:
                raise refused(("hydra", "sweeper", part), repr(name), "a key, and not a group")


def _said(path: Path, told: set[str]) -> bool:
    """Whether the command line itself has set a key, or one above or below it."""
    key = ".".join(path)
    return any(t == key or t.startswith(f"{key}.") or key.startswith(f"{t}.") for t in told)


def shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


@functools.cache
def own_callbacks() -> Plain:
    """What `conf/config.yaml` has Hydra call around every job."""
    callbacks: Plain = _load(conf_dir() / "config.yaml")["hydra"]["callbacks"]
    return callbacks


@functools.cache
def known_plugins(plugin: str) -> list[Plain]:
    """The settings of every launcher or sweeper that `hydra/<plugin>=NAME` can choose here."""
    stored = ConfigStore.instance().repo.get("hydra", {}).get(plugin, {})
    known: dict[str, Any] = {
        name: OmegaConf.to_container(node.node, resolve=False)
        for name, node in stored.items()
        if name.endswith(".yaml")
    }
    for path in (conf_dir() / "hydra" / plugin).glob("*.yaml"):
        known[path.name] = {**known.get(path.name, {}), **_load(path)}
    return [node for node in known.values() if "_target_" in node]


@functools.cache
def known_targets() -> set[tuple[str, str]]:
    """Whatever kreg's own options and the installed plugins have Hydra instantiate."""
    nodes = [*known_plugins("launcher"), *known_plugins("sweeper"), own_callbacks()]
    pairs = [pair for node in nodes for pair in leaves(node)]
    return {(key, repr(value)) for path, value in pairs for key in INSTANTIATES.intersection(path)}


@functools.cache
def known_logging(name: str) -> list[Plain]:
    """Hydra's own settings of its loggers."""
    (package,) = hydra.conf.__path__
    folder = type(conf_dir())(package) / "hydra" / name
    return [_load(path) for path in sorted(folder.glob("*.yaml"))]


def _load(path: Any) -> Plain:
    tree: Plain = yaml_text.read(path, dict[str, Any])
    return {key: value for key, value in tree.items() if key != "defaults"}
