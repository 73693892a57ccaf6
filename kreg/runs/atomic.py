"""Files that are either the old one or the new one, whenever the power goes."""

import json
import os
from collections.abc import Callable
from pathlib import Path

TEMPORARY = ".tmp"


def replace(path: Path, write: Callable) -> None:
    """Write `path` through a temporary neighbour: write, flush to disk, rename, flush the folder.

    Args:
        path: The file to create or replace. After an error it is what it was before.
        write: Called with the open binary file.
    """
    path = Path(path)
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what a killed writer left behind: a state, a report, a model."""
    for pattern in (f"*{TEMPORARY}", f"*{TEMPORARY}.keras"):
        for leftover in Path(folder).glob(pattern):
            leftover.unlink(missing_ok=True)


def write_json(path: Path, value) -> None:
    """Plain data as indented JSON, atomically."""
    text = json.dumps(value, indent=2, allow_nan=True) + "\n"
    replace(path, lambda file: file.write(text.encode()))
