"""`python train.py --help`: the groups, their options, and five commands to begin with."""

import textwrap

from kreg.launch import catalogue

EXAMPLES = (
    ("python train.py model=deep reg=l1", "train, diagnose, report"),
    ("python train.py model=cnn dropout=light augment=light", "three techniques together"),
    ("python train.py reg=elasticnet reg.l1=1e-4 optimizer.learning_rate=3e-3", "set any key"),
    ("python train.py -m model=shallow,deep reg=l1,l2", "all four, and a table of them"),
    ("python train.py check=true model=resnet", "compose and build, do not train"),
)


def text() -> str:
    """The whole help page as plain text."""
    lines = ["kreg: train a Keras model and learn whether it overfits.", ""]
    lines += ["usage: python train.py [group=option ...] [key=value ...] [-m]", "", "groups:"]
    groups = catalogue.groups()
    width = max(map(len, groups)) + 2
    for name, options in groups.items():
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
