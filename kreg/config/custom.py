"""A component of the user's own, `kind: mypackage.module:Name`, if the command line allows it."""

from dataclasses import dataclass

from kreg.config.fields import mapping, text


@dataclass
class Custom:
    kind: str = text("custom")
    params: dict = mapping({})


def is_custom(kind) -> bool:
    return isinstance(kind, str) and ":" in kind
