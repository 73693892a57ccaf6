"""NumPy archives: never unpickled, and no size in them is believed before it is checked."""

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from kreg.files import AnyPath
from kreg.foreign import memory
from kreg.foreign.content import DamagedError, opened

LONGEST_HEADER = 10_000  # characters, as in NumPy
AT_ONCE = 2**24  # bytes that are read
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes
# whatever NumPy and zipfile may raise on bytes of somebody else
UNREADABLE = (
    OSError, ValueError, KeyError, EOFError, TypeError, IndexError, AttributeError, OverflowError,
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, SyntaxError, MemoryError,
    tokenize.TokenError,  # from NumPy, which reads a header of Python 2 as code
)  # fmt: skip


def arrays(
    path: AnyPath,
    *,
    most: int | None = None,
    stored: bool = False,
    without: Collection[str] = (),
) -> dict[str, Any]:
    """The arrays of an archive by name.

    Args:
        path: The file.
        without: Lower-case names of arrays that are not read.
        most: Bytes that it may unpack to. Defaults to what this machine has.
        stored: Whether compression is refused: then no array is larger than the file.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: With the reason, for anything that is no archive of numbers and texts.
    """
    with open(opened(path), "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                size = os.fstat(file.fileno()).st_size
                return _arrays(archive, size, most, stored, without)
        except DamagedError:
            raise
        except UNREADABLE as error:
            raise DamagedError(f"{type(error).__name__}: {error}") from error


def array(path: AnyPath, most: int | None = None) -> np.ndarray:
    """The array of a `.npy` file; errors as for `arrays`."""
    with open(opened(path), "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            memory.refuse(size, "it has", most)
            return _read(file, size, str(path))
        except DamagedError:
            raise
        except UNREADABLE as error:
            raise DamagedError(f"{type(error).__name__}: {error}") from error


def shape(path: AnyPath) -> tuple[int, ...] | None:
    """Of the array of a `.npy` file, by its header; `None` where only loading can tell."""
    try:
        with open(opened(path), "rb") as file:
            return header(file)[0]
    except (*UNREADABLE, DamagedError):
        return None


def names(path: AnyPath) -> list[str]:
    """The names of the arrays, unread; none where only loading them can tell."""
    try:
        with open(opened(path), "rb") as file, zipfile.ZipFile(file) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except UNREADABLE:
        return []


def shapes(path: AnyPath) -> dict[str, tuple[int, ...]]:
    """The shapes that the arrays' headers tell; none where only loading them can tell."""
    try:
        with open(opened(path), "rb") as file, zipfile.ZipFile(file) as archive:
            return {_name(member): _shape(archive, member) for member in archive.infolist()}
    except (DamagedError, *UNREADABLE):
        return {}


def _shape(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, ...]:
    with archive.open(member) as file:
        return header(file)[0]


def _arrays(
    archive: zipfile.ZipFile, size: int, most: int | None, stored: bool, without: Collection[str]
) -> dict[str, np.ndarray]:
    members = [m for m in archive.infolist() if _name(m).lower() not in without]
    if any(member.compress_type not in PACKED for member in members):
        raise DamagedError("it is packed in a way that NumPy does not use")
    if stored and any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise DamagedError("it is compressed, and kreg writes no compressed state")
    unpacked = sum(member.file_size for member in members)
    if stored and unpacked > size:
        raise DamagedError(f"its arrays are said to have {unpacked:,} bytes, the file has {size:,}")
    memory.refuse(unpacked, "it unpacks to", most)
    return {_name(member): _array(archive, member) for member in members}


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        return _read(file, member.file_size, member.filename)


def _read(file: IO[bytes], size: int, name: str) -> np.ndarray:
    shape, fortran, dtype = header(file)
    wanted = math.prod(shape) * dtype.itemsize
    there = size - file.tell()
    if dtype.hasobject:
        raise DamagedError(f"{name} holds objects: a pickle, which could run code")
    if wanted != there:
        raise DamagedError(f"{name} is said to have {wanted:,} bytes, {there:,} are there")
    raw = bytearray()
    while part := file.read(AT_ONCE):  # all of it in one piece would be there twice for a while
        raw += part
    if len(raw) != there:
        raise DamagedError(f"{name} is cut short")
    found = np.frombuffer(raw, dtype) if raw else np.empty(math.prod(shape), dtype)
    return found.reshape(shape, order="F" if fortran else "C")


def header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns lie one behind the other, and type of the array that begins here."""
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise DamagedError(f"an array has the version {version}; this kreg reads 1.0 and 2.0")
    shape, fortran, dtype = read(file, max_header_size=LONGEST_HEADER)
    return shape, fortran, dtype
