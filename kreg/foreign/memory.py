"""How much memory there is, and whether something fits into it."""

import os
from pathlib import Path

from kreg.foreign.content import DamagedError

# of the control group, version 2 and 1: a container's own limit
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def available() -> int:
    """Bytes that this process may use at most: the machine's, or its container's."""
    found = [limit for limit in map(_limit, LIMITS) if limit is not None]
    if hasattr(os, "sysconf"):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(found, default=2**63)


def _limit(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return None


def refuse(size: int, what: str, most: int | None = None) -> None:
    """Refuse what does not fit.

    Args:
        size: Bytes.
        what: What has them, up to the verb: `"it unpacks to"`.
        most: Bytes that are allowed. Defaults to what this machine has.

    Raises:
        DamagedError: With both sizes.
    """
    most = available() if most is None else min(most, available())
    if size > most:
        raise DamagedError(f"{what} {told(size)}, and at most {told(most)} are there for it")


def told(size: float) -> str:
    """Bytes in the unit that one would say.

    >>> told(300), told(5 * 2**30), told(2**80)
    ('300 bytes', '5.0 GiB', '1,073,741,824.0 PiB')
    """
    unit = 0
    while size >= 1024 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:,.1f} {UNITS[unit]}" if unit else f"{size:.0f} bytes"
