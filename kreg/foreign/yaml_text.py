"""YAML that others have written: plain data, and no more of it than the text itself has."""

from typing import Any

import yaml

from kreg.files import AnyPath
from kreg.foreign.content import MEBI, DamagedError, text
from kreg.foreign.schema import DEEPEST, conform

MOST = 4 * MEBI  # bytes
NODES = 200_000  # with every alias written out: an option file has some dozens

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: AnyPath, kind: Any = Any, *, follow: bool = True) -> Any:
    """The plain data of a YAML file; tags that name Python objects are refused.

    Args:
        path: The file.
        kind: What it must be; see `kreg.foreign.schema.conform`.
        follow: Whether it may lie behind a link.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: With the reason.
    """
    return parse(text(path, MOST, follow=follow), str(path), kind)


def parse(content: str, what: str, kind: Any = Any) -> Any:
    """The plain data of a YAML text.

    Raises:
        DamagedError: With the reason.
    """
    check(content, what)
    try:
        value = yaml.load(content, Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise DamagedError(f"{what} is no plain YAML: {_on_one_line(error)}") from error
    conform(value, kind, what)
    return value


def check_file(path: AnyPath) -> None:
    """Refuse a file that would take more memory or a deeper stack than its size explains.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: With the reason.
    """
    check(text(path, MOST), str(path))


def check(content: str, what: str) -> None:
    """Refuse a text whose aliases ("billion laughs") or depth would run away.

    What is no YAML at all is left to whoever reads it. The first document decides.
    """
    sizes: dict[str | None, int] = {}  # nodes behind each anchor
    open_nodes: list[tuple[str | None, int]] = []  # anchor, and nodes before it
    nodes = 0
    try:
        for event in yaml.parse(content, Loader):
            if isinstance(event, yaml.AliasEvent):
                nodes += sizes.get(event.anchor, NODES)  # an alias of what it lies in has no end
            elif isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, nodes))
                nodes += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = open_nodes.pop()
                sizes |= {anchor: nodes - before} if anchor else {}
            elif isinstance(event, yaml.ScalarEvent):
                nodes += 1
                sizes |= {event.anchor: 1} if event.anchor else {}
            if nodes > NODES:
                raise DamagedError(f"{what} has more than {NODES:,} values, aliases written out")
            if len(open_nodes) > DEEPEST:
                raise DamagedError(f"{what} is nested more than {DEEPEST} levels deep")
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, DamagedError):
            raise


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
