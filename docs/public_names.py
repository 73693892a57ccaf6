"""The pages of the API reference: every public name of kreg, room by room, from the code itself."""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import kreg

TOP = "kreg"
INDEX = """\
API reference
=============

Every public name. What stands in ``kreg`` itself is used most; the rooms hold the rest.

.. toctree::
   :maxdepth: 1

   {pages}
"""
TABLE = """\
.. autosummary::
   :toctree: names
   :nosignatures:

   {names}
"""


def rooms() -> dict[str, list[str]]:
    """Module -> the names that it offers: those of `kreg` itself first, then of each room."""
    found = {TOP: list(kreg.PUBLIC)}
    for room in kreg.ROOMS:
        module = getattr(kreg, room)
        names = getattr(module, "__all__", None) or list(own(module))
        found[f"{TOP}.{room}"] = [n for n in names if not inspect.ismodule(getattr(module, n))]
    return found


def own(module: ModuleType) -> Iterator[str]:
    """The public classes and functions that a module without `__all__` defines."""
    for name, value in vars(module).items():
        made_here = getattr(value, "__module__", None) == module.__name__
        if made_here and not name.startswith("_") and callable(value):
            yield name


def pages() -> dict[str, str]:
    """File name -> text of each page of the reference."""
    found = {f"{module}.rst": page(module, names) for module, names in rooms().items()}
    listed = "\n   ".join(name.removesuffix(".rst") for name in found)
    return {"index.rst": INDEX.format(pages=listed), **found}


def page(path: str, names: list[str]) -> str:
    """One room: its purpose, a table of its names, and those that have their page elsewhere."""
    module = importlib.import_module(path)
    values = [n for n in names if not callable(getattr(module, n))]
    at_top = [n for n in names if path != TOP and is_top(n, getattr(module, n))]
    here = [n for n in names if n not in {*values, *at_top}]
    parts = [f"{path}\n{'=' * len(path)}\n", f".. currentmodule:: {path}\n", first_lines(module)]
    if here:
        parts.append(TABLE.format(names="\n   ".join(here)))
    if at_top:
        links = ", ".join(f":py:obj:`{TOP}.{name}`" for name in at_top)
        parts.append(f"In ``kreg`` as well: {links}.\n")
    if values:
        parts.append(f"Values: {', '.join(f'``{name}``' for name in values)}.\n")
    return "\n".join(parts)


def is_top(name: str, value: object) -> bool:
    return name in kreg.PUBLIC and getattr(kreg, name) is value


def first_lines(module: ModuleType) -> str:
    """What a room is for: the first paragraph of its docstring, as reStructuredText."""
    lines = (inspect.getdoc(module) or "").split("\n\n")[0].split("\n")
    as_rst(None, "module", module.__name__, module, None, lines)
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write the pages whose text has changed, so that Sphinx reads no other anew."""
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


FENCE = re.compile(r"^( *)```python\n(.*?)^ *```$", re.S | re.M)
INDENTED = re.compile(r"^( *)(\S.*[^:]):\n\n(?=\1 +\S)", re.M)  # a colon, then an indented block
CODE = re.compile(r"(``.+?``|`[^`\n]+(?:\n[^`\n]+)?`)")


def as_rst(app: Any, what: str, name: str, found: object, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with code between backticks: no other sign means anything.

    Called by Sphinx with the lines of a docstring, which it changes in place.
    """
    text = FENCE.sub(lambda m: f"{m[1]}.. code-block:: python\n\n{deeper(m[2])}", "\n".join(lines))
    text = INDENTED.sub(r"\1\2::\n\n", text)
    lines[:] = "".join(map(escaped, CODE.split(text))).split("\n")


def deeper(block: str) -> str:
    return "".join(f"    {line}" for line in block.splitlines(keepends=True))


def escaped(part: str) -> str:
    """Text with its bars and stars escaped; code between double backticks.

    >>> escaped("|z| of `x`"), escaped("`a * b`")
    ('\\\\|z\\\\| of `x`', '``a * b``')
    """
    if part.startswith("`"):
        return f"``{part.strip('`')}``"
    kept = []
    for line in part.split("\n"):
        doctest = line.lstrip().startswith((">>>", "..."))
        kept.append(line if doctest else re.sub(r"([|*])", r"\\\1", line))
    return "\n".join(kept)


LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)]+)\)")


def links_that_stay(app: Any, page: str, source: list[str]) -> None:
    """Links out of this folder name a file of the repository: the site shows its path."""
    source[0] = LINK.sub(lambda m: f"{m[1]} (`{m[2].removeprefix('../')}`)", source[0])
