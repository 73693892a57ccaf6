"""Files that are either the old one or the new one, whenever the power goes."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

TEMPORARY = ".tmp"
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
    for pattern in (f"*{TEMPORARY}", f"*{TEMPORARY}.*"):
        for leftover in Path(folder).glob(pattern):
            leftover.unlink(missing_ok=True)
