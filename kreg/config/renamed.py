"""Configuration keys that had another name, and what an earlier version has recorded under it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kreg.config import schema
from kreg.config.root import Root


class Renamed(NamedTuple):
    """The present dotted name of a key, and the version that gave it: `("stop.window", "0.2")`.

    Args:
        name: The key, or a group.
        since: The version.
        values: Old values in lower case to those of the new name, where they have changed.
    """

    name: str
    since: str
    values: tuple[tuple[str, str], ...] = ()


# old dotted key, or a whole group -> its present name; never a name that is renamed again
KEYS: dict[str, Renamed] = {
    "diagnostics.tensorboard": Renamed(
        "logger", "0.2", (("true", "tensorboard"), ("false", "none"))
    ),
    "diagnostics.histograms": Renamed("logger.tensorboard.histograms", "0.2"),
}

# groups that 0.1 did not have -> the option that means what it did
SINCE = {"callbacks": "none", "finetune": "full"}


def present(key: str) -> str:
    """The present name of a dotted key, which is the key itself if it was not renamed."""
    found = _entry(key)
    return found.name if found else key


def sentence(key: str, value: str = "...") -> str | None:
    """What whoever writes the old name is told; `None` for a key that was not renamed."""
    found = _entry(key)
    if found is None:
        return None
    return f"`{key}` is called `{found.name}` since {found.since}: write {word(key, value)}"


def word(key: str, value: str) -> str:
    """`key=value` as it is written now.

    >>> word("diagnostics.tensorboard", "false"), word("reg.l1", "0.1")
    ('logger=none', 'reg.l1=0.1')
    """
    found = _entry(key)
    if found is None:
        return f"{key}={value}"
    values = dict(found.values)
    return f"{found.name}={values.get(value.lower(), '...') if values else value}"


def _entry(key: str) -> Renamed | None:
    """The present name of a key that has an entry, or whose group has one."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        entry = KEYS.get(".".join(parts[:length]))
        if entry is not None:
            return entry._replace(name=".".join([entry.name, *parts[length:]]))
    return None


def current(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded configuration as this version would have recorded it.

    Keys get their present names. A key that the version before did not know has its default, which
    is what kreg did before there was a choice. Where a run was told to decides nothing that it
    computes: what has moved from `diagnostics` to `logger` is left out.

    Args:
        recorded: What `Config.to_dict` gave, in this or in an earlier version.
    """
    tree: dict[str, Any] = {}
    for group, value in recorded.items():
        for name, item in _leaves(group, value):
            path = present(name).split(".")
            if path[0] == group or path[0] not in schema.SEVERAL:
                _put(tree, path, item)
    tree = {**schema.defaults(Root), **tree}
    for group in schema.GROUPS:
        values = tree.get(group, {})
        kind = values.get("kind") if isinstance(values, Mapping) else None
        known = schema.GROUPS[group].get(kind) if isinstance(kind, str) else None
        if group in SINCE and group not in tree:
            tree[group] = schema.defaults(schema.GROUPS[group][SINCE[group]])
        if known is not None:
            tree[group] = {**schema.defaults(known), **values}
    return tree


def _leaves(group: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A group's keys under their dotted names; what lies below a key is its value."""
    if group in schema.GROUPS and isinstance(value, Mapping):
        yield from ((f"{group}.{key}", item) for key, item in value.items())
    else:
        yield group, value


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value
