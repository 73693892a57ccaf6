"""The journal of a search: a line of JSON for its space, and one for each finished trial."""

from pathlib import Path
from typing import Any, TypedDict

from kreg.foreign import json_text
from kreg.foreign.content import MEBI, text

MOST = 256 * MEBI  # bytes: some hundred thousand trials


class Head(TypedDict):
    """The first line: each dimension in words."""

    space: dict[str, str]


class Line(TypedDict):
    """A trial; see `kreg.sweeps.study.Trial`."""

    number: int
    params: dict[str, Any]
    value: float
    curve: list[float]
    pruned: bool


def whole(path: Path) -> str:
    """The lines that were written to their end; a kill may have cut the last one.

    Raises:
        OSError: If the journal is missing, or no regular file.
        DamagedError: If it is no text.
    """
    content = text(path, MOST, follow=False)
    return content[: content.rfind("\n") + 1]


def head(content: str) -> dict[str, str] | None:
    """The space of the search that wrote the journal; `None` in an empty one.

    Raises:
        DamagedError: If the first line is none of a journal's.
    """
    lines = content.splitlines()[:1]
    found: list[Head] = [json_text.parse(line, Head, "the journal's first line") for line in lines]
    return found[0]["space"] if found else None


def trials(content: str) -> list[Line]:
    """Every trial of a journal.

    Raises:
        DamagedError: For the first line that is no trial.
    """
    lines = enumerate(content.splitlines()[1:], 2)
    return [json_text.parse(line, Line, f"line {i} of the journal") for i, line in lines]
