"""A component of the user's own, `kind: mypackage.module:Name`, if the command line allows it."""

from dataclasses import dataclass
from typing import Any

from kreg.fields import Options, mapping, text


@dataclass
class Custom(Options):
    kind: str = text("custom", "package.module:Name; see the guide, section 9")
    params: dict[str, Any] = mapping({}, "its keyword arguments")


def is_custom(kind: object) -> bool:
    return isinstance(kind, str) and ":" in kind
