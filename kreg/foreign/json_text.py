"""JSON that others have written: its length, its depth and its types are checked."""

import json
from typing import Any, cast

from kreg.files import AnyPath
from kreg.foreign.content import MEBI, DamagedError, text
from kreg.foreign.schema import conform

MOST = 64 * MEBI  # bytes of one file: a report with its pictures has some


def parse(content: str | bytes, kind: Any = Any, what: str = "the text") -> Any:
    """The value of a JSON text.

    Args:
        content: The text.
        kind: What it must be; see `kreg.foreign.schema.conform`.
        what: How the text is called in the sentence.

    Raises:
        DamagedError: If it is no JSON, too deep, or not of that kind.
    """
    if len(content) > MOST:
        raise DamagedError(f"{what} has {len(content):,} bytes, at most {MOST:,} are read")
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise DamagedError(f"{what} is nested too deeply") from error
    except ValueError as error:
        raise DamagedError(f"{what} is not JSON ({error}): still being written?") from error
    conform(value, kind, what)
    return value


def read(path: AnyPath, kind: Any = Any) -> Any:
    """The value in a JSON file that a user has named.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: As from `parse`.
    """
    return parse(text(path, MOST), kind, str(path))


def read_object(path: AnyPath, kind: Any = dict[str, Any]) -> dict[str, Any] | None:
    """The JSON object in a file that is not behind a link; `None` if it is missing or damaged."""
    try:
        found = parse(text(path, MOST, follow=False), kind)
    except (OSError, DamagedError):
        return None
    return cast(dict[str, Any], found) if isinstance(found, dict) else None
