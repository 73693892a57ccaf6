"""Nests of dictionaries and tuples, each leaf with the path that leads to it.

A list is a leaf, as in `tf.data`: it stands for a tensor.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def replaced(function: Callable[[Path, Any], Any], nest: Any, path: Path = ()) -> Any:
    """The nest with `function(path, leaf)` for each leaf; its types and its order stay."""
    if nest is None:
        return None
    if isinstance(nest, Mapping):
        parts = {key: replaced(function, part, (*path, str(key))) for key, part in nest.items()}
        if not isinstance(nest, dict):
            return parts
        result = copy.copy(nest)
        result.update(parts)
        return result
    if isinstance(nest, tuple):
        members = [replaced(function, part, (*path, str(k))) for k, part in enumerate(nest)]
        return type(nest)(*members) if hasattr(nest, "_fields") else tuple(members)
    return function(path, nest)


def leaves(nest: Any) -> Iterator[tuple[Path, Any]]:
    """All leaves with their paths."""
    found: list[tuple[Path, Any]] = []
    replaced(lambda path, leaf: found.append((path, leaf)), nest)
    return iter(found)


def at(nest: Any, path: Path) -> Any:
    """The part of a nest to which a path leads, or `None`."""
    for key in path:
        members = dict(enumerate(nest)) if isinstance(nest, tuple) else nest
        if not isinstance(members, Mapping):
            return None
        nest = {str(name): part for name, part in members.items()}.get(key)
    return nest


def name(path: Path) -> str:
    """How a user writes a path: `"head/mask"`."""
    return "/".join(path)
