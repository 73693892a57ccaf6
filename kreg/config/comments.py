"""The comments of `conf/` that list what else an option has: written from the tables.

    python -m kreg.config.comments            which files are not up to date; exit code 1
    python -m kreg.config.comments --write    write them

A file's own words stand above the generated lines and are left alone.
"""

import dataclasses
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kreg import files
from kreg.config import conf_dir
from kreg.config.schema import GROUPS
from kreg.fields import Options, Rule, rule_of
from kreg.foreign import yaml_text

MARKER = "# Further keys and their defaults (python -m kreg.config.comments --write):"
COLUMN, WIDTH = 28, 110  # where the meanings begin, and the lines end


def main(arguments: list[str]) -> int:
    """Name or write the files whose comments differ from the tables; returns the exit code."""
    stale = [path for path in option_files() if path.read_text(encoding="utf-8") != written(path)]
    for path in stale:
        print(path)
        if arguments == ["--write"]:
            files.write(path, written(path))
    return 1 if stale and arguments != ["--write"] else 0


def option_files() -> Iterator[Path]:
    """Every option file of every group, but for those of the user's own components."""
    for group in GROUPS:
        yield from sorted(p for p in (conf_dir() / group).glob("*.yaml") if p.stem != "custom")


def written(path: Path) -> str:
    """An option file with the comments that it should have."""
    own = path.read_text(encoding="utf-8").split(MARKER)[0].rstrip() + "\n"
    given = yaml_text.parse(own, str(path))
    schema = GROUPS[path.parent.name][given["kind"]]
    lines = [line for name, line in comments(schema) if name not in given]
    return "\n".join([own.rstrip(), "", MARKER, *lines, ""]) if lines else own


def comments(schema: type[Options]) -> Iterator[tuple[str, str]]:
    """The keys of a kind, own ones first, each as a commented line of YAML."""
    fields = dataclasses.fields(schema)
    shared = {field.name for base in schema.__mro__[2:] for field in own_fields(base)}
    for field in sorted(fields, key=lambda field: field.name in shared):
        if field.name != "kind":
            start = f"# {field.name}: {as_yaml(getattr(schema(), field.name))}"
            meaning = textwrap.wrap(told(rule_of(field)), WIDTH - COLUMN)
            first, *others = meaning or [""]
            start = (
                f"{start:<{COLUMN - 2}} "  # two blanks at least, so that the value is told apart
            )
            lines = [f"{start} {first}", *(f"#{'':<{COLUMN - 1}}{o}" for o in others)]
            yield field.name, "\n".join(line.rstrip() for line in lines)


def own_fields(schema: type) -> "tuple[dataclasses.Field[Any], ...]":
    return dataclasses.fields(schema) if dataclasses.is_dataclass(schema) else ()


def as_yaml(value: Any) -> str:
    """A default as it would stand in a file."""
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()


def told(rule: Rule) -> str:
    """What a key may be, and what it means."""
    choices = " | ".join(map(as_yaml, rule.options))
    return ": ".join(filter(None, [choices, rule.meaning]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
