"""Files that are either the old one or the new one, and never behind a link that others have laid.

A run directory may be a stranger's, copied or shared: what lies below it is opened only if it is a
regular file that stands there itself.
"""

import contextlib
import errno
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

TEMPORARY = ".tmp"
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
# what a killed writer leaves: of this version, of 0.1, of a probe; a user's own *.tmp is none of it
LEFTOVER = re.compile(
    r"\.(.+\.[0-9a-f]{8}|probe_\d+)\.tmp(\.\w+)?"
    r"|(config|data|record|report|result|sweep|history|epoch_\d{6})\.\w+\.\d+\.tmp"
    r"|(best|compressed)\.\d+\.tmp\.keras"
)
AnyPath: TypeAlias = str | os.PathLike[str]


class Model(Protocol):
    """A `keras.Model`, as far as it is saved."""

    def save(self, filepath: AnyPath) -> None: ...


@contextlib.contextmanager
def replacing(path: AnyPath) -> Iterator[Path]:
    """The path of a temporary neighbour, which takes the place of `path` when the block ends well.

    The neighbour is flushed to the disk, renamed, and the folder flushed: a reader sees the whole
    new file or the whole old one, also after a power cut. After an error `path` is what it was
    before. The folder is made where it is missing.

    Args:
        path: The file to create or replace.

    Raises:
        OSError: With the path in its sentence, if the disk is full or may not be written.

    ```python
    with replacing("picture.png") as temporary:
        picture.save(temporary)
    ```
    """
    path = Path(path)
    # hidden, so that no pattern of a reader finds it; with its ending, because writers go by that
    name = f".{path.stem}.{secrets.token_hex(4)}{TEMPORARY}{path.suffix}"
    temporary = path.with_name(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise OSError(error.errno, f"cannot write {path}: {reason}") from error
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(path: AnyPath, content: str | bytes) -> Path:
    """Write text (as UTF-8) or bytes, the whole or nothing; returns the path."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)


def save_model(model: Model, path: AnyPath) -> None:
    """Save a model as `.keras`, the whole or nothing: a failed write leaves the old file alone."""
    with replacing(path) as temporary:
        model.save(temporary)


def write_json(path: AnyPath, value: object) -> None:
    """Write plain data as indented JSON, the whole or nothing."""
    write(path, json.dumps(value, indent=2, allow_nan=True) + "\n")


def sweep(folder: AnyPath) -> None:
    """Remove what killed writers left in a folder that no other process writes into now."""
    for leftover in Path(folder).iterdir() if is_folder(folder) else ():
        if LEFTOVER.fullmatch(leftover.name) and not is_folder(leftover):
            leftover.unlink(missing_ok=True)


def is_folder(path: AnyPath) -> bool:
    """Whether a folder stands there itself, not behind a link."""
    return stat.S_ISDIR(_mode(path))


def is_regular(path: AnyPath) -> bool:
    """Whether a regular file stands there itself, not behind a link."""
    return stat.S_ISREG(_mode(path))


def _mode(path: AnyPath) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def open_regular(path: AnyPath, flags: int = os.O_RDONLY) -> int:
    """The descriptor of a regular file: neither a link is followed nor a pipe waited for.

    Raises:
        OSError: If it is missing, or anything else than a regular file.
    """
    waits, follows = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags | waits | follows, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def truncate(path: AnyPath, size: int) -> None:
    """Cut a regular file back to `size` bytes."""
    descriptor = open_regular(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def link_below(folder: AnyPath, skip: tuple[str, ...] = ()) -> Path | None:
    """The first link below a folder, which may lie behind one itself; `None` if there is none.

    Args:
        folder: Need not exist.
        skip: Names of folders in it that are not looked into.
    """
    if not Path(folder).is_dir():
        return None
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_symlink():
                return Path(entry.path)
            if entry.is_dir(follow_symlinks=False) and entry.name not in skip:
                found = link_below(entry.path)
                if found is not None:
                    return found
    return None
