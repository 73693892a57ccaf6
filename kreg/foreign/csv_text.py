"""CSV logs that others have written; and cells that a spreadsheet does not run."""

import csv
import io
from collections.abc import Iterator

from kreg.files import AnyPath
from kreg.foreign.content import MEBI, DamagedError, text

MOST = 256 * MEBI  # bytes of a log
COLUMNS = 10_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet computes


def rows(content: str, delimiter: str = ",") -> list[list[str]]:
    """The rows of a CSV text.

    Raises:
        DamagedError: If it is none, or has cells of more than 131,072 characters.
    """
    found = list(lines(content, delimiter))
    if found and len(found[0]) > COLUMNS:
        raise DamagedError(f"it has {len(found[0]):,} columns, at most {COLUMNS:,} are read")
    return found


def lines(content: str, delimiter: str = ",", *, spaces: bool = True) -> Iterator[list[str]]:
    """The rows one by one; without `spaces` those after a delimiter are left out.

    Raises:
        DamagedError: Where a row is none of a CSV text's.
    """
    try:
        yield from csv.reader(
            io.StringIO(content, newline=""), delimiter=delimiter, skipinitialspace=not spaces
        )
    except (csv.Error, TypeError, ValueError) as error:  # the last two for a delimiter that is none
        raise DamagedError(f"it is no CSV text ({error})") from error


def log(path: AnyPath, *, follow: bool = True) -> str:
    """The text of a log, whatever its bytes.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is too long.
    """
    return text(path, MOST, follow=follow, errors="replace")


def number(cell: str) -> float | None:
    """The number in a cell, `None` where there is none."""
    try:
        return float(cell)
    except ValueError:
        return None


def defused(value: object) -> object:
    """A cell as a spreadsheet shows it: text that would be a formula gets an apostrophe.

    >>> defused("=1+1"), defused("-0.5"), defused("l1"), defused(-2)
    ("'=1+1", '-0.5', 'l1', -2)
    """
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    return value if number(value) is not None and value.isprintable() else f"'{value}"
