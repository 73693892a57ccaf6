"""What the configuration folder offers: groups, their options, and the help that lists them."""

import dataclasses
import re
import textwrap
from pathlib import Path

from kreg.config import conf_dir, schema

EXAMPLES = (
    ("python train.py model=deep reg=l1", "train, diagnose, report"),
    ("python train.py model=cnn dropout=light augment=light", "three techniques together"),
    ("python train.py reg=elasticnet reg.l1=1e-4 optimizer.learning_rate=3e-3", "set any key"),
    ("python train.py -m model=shallow,deep reg=l1,l2", "all four, and a table of them"),
    ("python train.py -m reg=none,l1,l2 data.folds=5", "compared on folds that are held out"),
    ("python train.py check=true model=resnet", "compose and build, do not train"),
)
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


def usage() -> str:
    """The answer to `python train.py --help`, as plain text."""
    lines = ["kreg: train a Keras model and learn whether it overfits.", ""]
    lines += ["usage: python train.py [group=option ...] [key=value ...] [-m]", "", "groups:"]
    offered = groups()
    width = max(map(len, offered)) + 2
    for name, options in offered.items():
        lines.append(_wrapped(name, options, width))
    lines += ["", "examples:"]
    longest = max(len(command) for command, _ in EXAMPLES) + 2
    lines += [f"  {command:<{longest}}# {meaning}" for command, meaning in EXAMPLES]
    lines += [
        "",
        "python train.py --cfg job      show the configuration that a command line composes",
        "python train.py --hydra-help   what Hydra itself understands",
    ]
    return "\n".join(lines)


def _wrapped(name: str, options: list[str], width: int) -> str:
    head = f"  {name:<{width}}"
    return textwrap.fill(
        "  ".join(options), width=98, initial_indent=head, subsequent_indent=" " * len(head)
    )
