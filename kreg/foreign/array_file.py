"""Where the numbers of an array lie in a file that NumPy has written, unread."""

import math
import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from kreg.foreign.content import DamagedError, opened
from kreg.foreign.npz import UNREADABLE, header

LOCAL = 30  # bytes of a member's own header in a zip, before its name


class ArrayFile(NamedTuple):
    """An array in a file: its rows begin at `offset`, one behind the other.

    Args:
        path: The file.
        dtype: Of a number.
        shape: `(rows, ...)`.
        offset: Bytes before the first row.
    """

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]


def in_npy(path: Path) -> ArrayFile:
    """The array of a `.npy` file.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is none of numbers or texts, in the order of its rows.
    """
    with open(opened(path), "rb") as file:
        return _array(path, file, os.fstat(file.fileno()).st_size)


def in_npz(path: Path, name: str) -> ArrayFile:
    """An array of an archive that is not compressed; arguments and errors as for `in_npy`.

    Args:
        path: The file.
        name: Of the array, in whatever case.
    """
    with open(opened(path), "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = {m.filename.removesuffix(".npy").lower(): m for m in archive.infolist()}
            member = members[name]
        except UNREADABLE as error:
            raise DamagedError(f"{type(error).__name__}: {error}") from error
        if member.compress_type != zipfile.ZIP_STORED:
            raise DamagedError(
                f"{name} is compressed, so its rows cannot be read where they lie: write the "
                "archive with np.savez, or the arrays with np.save into a folder"
            )
        file.seek(member.header_offset)
        local = file.read(LOCAL)
        extra = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
        file.seek(member.header_offset + LOCAL + extra)
        return _array(path, file, file.tell() + member.file_size)


def _array(path: Path, file: BinaryIO, end: int) -> ArrayFile:
    try:
        shape, fortran, dtype = header(file)
    except UNREADABLE as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error
    found = ArrayFile(path, dtype, shape, file.tell())
    if dtype.hasobject:
        raise DamagedError("it holds objects: a pickle, which could run code")
    if fortran and found.ndim > 1:
        raise DamagedError(
            "its columns lie one behind the other: write np.ascontiguousarray(x), whose rows do"
        )
    if found.nbytes != end - found.offset or not found.ndim:
        raise DamagedError(
            f"it is said to have {found.nbytes:,} bytes, {end - found.offset:,} are there"
        )
    return found
