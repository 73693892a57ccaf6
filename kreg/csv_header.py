"""The first line of a CSV file: its columns, and the sign between them."""

from pathlib import Path

from kreg.files import AnyPath
from kreg.foreign import csv_text

AUTO = "auto"
SEPARATORS = (",", ";", "\t", "|")
LONGEST = 2**22  # characters in which a header line must end


def header(path: AnyPath, separator: str) -> list[str]:
    """The names in the first line that is not empty; none where only loading it can tell."""
    names = names_in(path, separator)
    return [] if len(set(names)) < len(names) or "" in names else names


def separator_of(path: AnyPath, column: str | None) -> str:
    """The sign between the columns: the one under which `column` is one of several.

    Where none is, the sign with the most columns; a comma where there is a single column.
    """
    found = {sign: names_in(path, sign) for sign in SEPARATORS}
    several = [sign for sign in SEPARATORS if len(found[sign]) > 1]
    named = [sign for sign in several if column in found[sign]]
    return (named or sorted(several, key=lambda sign: -len(found[sign])) or SEPARATORS)[0]


def names_in(path: AnyPath, separator: str) -> list[str]:
    """The first line that is not empty, split; nothing where only loading it can tell."""
    try:
        with open(Path(path).expanduser(), encoding="utf-8-sig", newline="") as file:
            text = file.read(LONGEST)
        lines = csv_text.lines(text, separator, spaces=False)
        names = next((row for row in lines if any(map(str.strip, row))), [])
        cut = len(text) == LONGEST and next(lines, None) is None
    except (OSError, ValueError):  # the loader has a better sentence for it
        return []
    return [] if cut else names
