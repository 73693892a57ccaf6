"""TensorFlow's record files, of events and of examples: lengths and checksums around the data."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from kreg.files import AnyPath
from kreg.foreign.content import DamagedError, opened

HEAD, FOOT = 12, 4  # a length with its checksum before the data, the data's checksum after them


class Record(NamedTuple):
    """The data of a record, and the checksum that stands behind them: a masked CRC-32C."""

    data: bytes
    checksum: int


def records(path: AnyPath) -> Iterator[Record]:
    """The records of a file, one after the other.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: After the last whole record, if the file ends within another one.
    """
    with open(opened(path), "rb") as file:
        for length in _lengths(file):
            yield Record(file.read(length), struct.unpack("<I", file.read(FOOT))[0])


def count(path: AnyPath) -> int:
    """How many records a file has, by their lengths alone.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it ends within a record.
    """
    with open(opened(path), "rb") as file:
        return sum(1 for length in _lengths(file) if file.seek(length + FOOT, os.SEEK_CUR))


def _lengths(file: BinaryIO) -> Iterator[int]:
    """The length of each record; whoever asks for the next one has gone past this one."""
    left = os.fstat(file.fileno()).st_size
    while left:
        head = file.read(HEAD)
        length = struct.unpack("<Q", head[:8])[0] if len(head) == HEAD else left
        left -= HEAD + length + FOOT
        if left < 0:
            raise DamagedError("it ends within a record: cut off, packed, or no TFRecord file")
        yield length
