"""Folders of large files that later runs find again: one writer at a time, and within a limit.

A file's name is a hash over all that its bytes depend on, and it appears whole or not at all.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from kreg import files
from kreg.foreign import memory
from kreg.printable import say


def folder() -> Path:
    """Where caches of this user belong: `$XDG_CACHE_HOME/kreg`, by default `~/.cache/kreg`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kreg"


def refuse_full(place: Path, size: int) -> None:
    """Refuse what the disk has no room for.

    Raises:
        OSError: With both sizes.
    """
    free = shutil.disk_usage(place).free
    if size > free:
        raise OSError(f"{memory.told(size)} are needed and {memory.told(free)} are free")


def make_room(path: Path, size: int, limit: int) -> None:
    """Remove what killed writers left, and what was used longest ago, until `size` fits in.

    Args:
        path: The file that is to be written; its lock is held. Files with its ending are meant.
        size: Its bytes.
        limit: Bytes that its folder may hold.
    """
    ending = path.suffix
    for leftover in path.parent.glob(f".*{files.TEMPORARY}{ending}"):
        _remove(leftover, path.with_name(leftover.name[1:].split(".")[0] + ending), path)
    kept = sorted(path.parent.glob(f"*{ending}"), key=lambda path: path.stat().st_mtime_ns)
    total = sum(known.stat().st_size for known in kept)
    while kept and total + size > limit:
        oldest = kept.pop(0)
        total -= oldest.stat().st_size
        _remove(oldest, oldest, path)


@contextlib.contextmanager
def alone(path: Path, told: str) -> Iterator[None]:
    """While no other process writes this file.

    Args:
        path: The file.
        told: What another process does that has to be waited for.
    """
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        say(f"another process {told}; waiting for it", sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove(path: Path, owner: Path, held: Path) -> None:
    """Remove a file unless another process is about to write its owner."""
    lock = None if owner == held else _lock(owner)
    with contextlib.suppress(Timeout, OSError), contextlib.ExitStack() as until:
        if lock is not None:
            until.enter_context(lock.acquire(blocking=False))
        path.unlink(missing_ok=True)


def _lock(path: Path) -> FileLock:
    return FileLock(
        path.with_suffix(".lock"),
        thread_local=False,
        fallback_to_soft=False,
        preserve_lock_file=True,
    )
