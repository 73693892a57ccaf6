"""No file sends data elsewhere: where a tracker's data go, the user says.

An option file may choose a tracker and set its keys as long as its data stay on this machine. A
server, or somebody else's account, is taken from the command line and from kreg's own `conf/`, to
which `conf/local/default.yaml` belongs.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from kreg.config import schema
from kreg.launch.trust import UntrustedError, leaves, shown

GROUP = "logger"
ENVIRONMENT = re.compile(r"\$\{oc\.env:\w+\}")  # which the user fills in


def check(chosen: object, parsed: Sequence[Override], own: Callable[[], Mapping[str, Any]]) -> None:
    """Refuse an address that neither the command line nor kreg's own `conf/` has said.

    Args:
        chosen: The `logger` group as it is composed, resolved.
        parsed: The overrides of the command line.
        own: Gives the same group as kreg's own files alone say it.

    Raises:
        UntrustedError: With one sentence for the first of them.
    """
    for name, key, value in reaching(chosen):
        if not is_said((GROUP, name, key), value, parsed) and value != _at(own(), name, key):
            word = f"{GROUP}.{name}.{key}={shown(value)}"
            raise UntrustedError(
                f"{word} comes from an option file, and only the command line may name a place to "
                f"which data are sent. If you want that, say it there: {word}."
            )


def reaching(chosen: object) -> Iterator[tuple[str, str, Any]]:
    """`(option, key, value)` of each key of a logger whose data would leave this machine."""
    for name, node in chosen.items() if isinstance(chosen, Mapping) else ():
        if not isinstance(node, Mapping):
            continue
        options = schema.GROUPS[GROUP].get(str(node.get("kind")))
        for key, pattern in options.local.items() if options else ():
            value = node.get(key)
            if value is not None and not re.fullmatch(pattern, str(value)):
                yield str(name), key, value


def is_said(path: tuple[str, ...], value: object, parsed: Sequence[Override]) -> bool:
    """Whether the command line has said this value itself, or an environment variable's."""
    typed = [
        said
        for override in parsed
        for key, said in leaves(override.value(), tuple(override.key_or_group.split(".")))
        if key == path
    ]
    last = str(typed[-1]) if typed else ""
    by_environment = "${" in last and "${" not in ENVIRONMENT.sub("", last)
    return bool(typed) and (last == str(value) or by_environment)


def _at(group: Mapping[str, Any], name: str, key: str) -> Any:
    node = group.get(name)
    return node.get(key) if isinstance(node, Mapping) else None
