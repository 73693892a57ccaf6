"""What the configuration folder offers: groups, and the options of each."""

import dataclasses
import re
from pathlib import Path

from kreg.config import conf_dir, schema

HIDDEN = ("hydra", "local")  # Hydra's own settings, and the user's unversioned ones


def groups(folder: Path | None = None) -> dict[str, list[str]]:
    """Every group and its options, in the order of their names; `none` first.

    >>> "deep" in groups()["model"]
    True
    """
    folder = folder or conf_dir()
    found = {
        path.name: sorted((f.stem for f in path.glob("*.yaml")), key=lambda n: (n != "none", n))
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name not in HIDDEN
    }
    return {name: options for name, options in found.items() if options}


def having(group: str, key: str) -> list[str]:
    """The options of a group that have a key, in the order of `groups`.

    >>> having("dropout", "block_size")
    ['dropblock']
    """
    options = groups().get(group, []) if group in schema.GROUPS else []
    return [option for option in options if key in keys(group, option)]


def keys(group: str, option: str) -> list[str]:
    """The keys of an option; none where a user's own component decides."""
    text = (conf_dir() / group / f"{option}.yaml").read_text(encoding="utf-8")
    kind = re.search(r"^kind: *(\w+)", text, flags=re.M)
    known = schema.GROUPS[group].get(kind.group(1)) if kind else None
    return [field.name for field in dataclasses.fields(known)] if known else []
