"""The bytes of a file, as many as are believed, and never of a pipe or a device."""

import os
import stat

from kreg import files
from kreg.files import AnyPath

MEBI = 2**20


class DamagedError(ValueError):
    """A file that is truncated, changed, or was never written by kreg."""


def text(path: AnyPath, most: int, *, follow: bool = True, errors: str = "strict") -> str:
    """The text (UTF-8) of a file of at most `most` bytes.

    Args:
        path: The file.
        most: How many bytes are believed.
        follow: Whether it may lie behind a link, as a file may that the user has named.
        errors: What becomes of bytes that are no UTF-8, as in `bytes.decode`.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is longer, or no text.
    """
    descriptor = opened(path) if follow else files.open_regular(path)
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if size > most:
            raise DamagedError(f"{path} has {size:,} bytes, at most {most:,} are read")
        try:
            return file.read(most).decode("utf-8-sig", errors)
        except UnicodeDecodeError as error:
            raise DamagedError(f"{path} is no text: {error}") from error


def opened(path: AnyPath) -> int:
    """The descriptor of a regular file, which may lie behind a link.

    Raises:
        OSError: If it is missing, or anything else than a regular file.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is no regular file")
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
