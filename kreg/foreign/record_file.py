"""Equally large records at the start of a file, an archive of arrays behind them: read in place."""

import os
import threading
import weakref
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.files import AnyPath
from kreg.foreign.content import DamagedError, opened

BLOCK = 4096  # records that have one CRC-32
SUMS = "sums"
NEAR, NEAR_BYTES = 4, 4096  # a step from record to record that is cheaper to read than to make
ALONE = threading.Lock()  # where a place to read from is the descriptor's own


class RecordFile:
    """The records of a file that `kreg.data.disk.writing` has written.

    The CRC-32 of a block is computed when one of its records is first read. The file is read and
    not mapped: mapped pages, in pieces of up to 2 MiB around each record, would count as memory of
    this process, and a file that another program cuts short would end it.

    Args:
        path: The file.
        dtype: Of a record.
        rows: How many there are.
        sums: Of the blocks, as the archive behind the records has them under `SUMS`; `None` where
            nobody has written any.
        offset: Bytes before the first record.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it has not so many records, or no sums of them.
    """

    def __init__(
        self,
        path: AnyPath,
        dtype: np.dtype[Any],
        rows: int,
        sums: NDArray[np.uint32] | None,
        offset: int = 0,
    ) -> None:
        self.path, self.dtype, self.rows, self.offset = path, dtype, rows, offset
        self.sound = np.full(-(-rows // BLOCK), sums is None)
        self.sums = np.zeros(len(self.sound), np.uint32) if sums is None else sums
        self.near = min(NEAR, max(NEAR_BYTES // dtype.itemsize, 1))
        self.descriptor = opened(path)
        weakref.finalize(self, os.close, self.descriptor)
        there = os.fstat(self.descriptor).st_size
        if there < offset + rows * dtype.itemsize or self.sums.shape != self.sound.shape:
            raise DamagedError(f"it has {there:,} bytes and not {rows:,} rows with their sums")

    def __len__(self) -> int:
        return self.rows

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The records of these numbers.

        Raises:
            DamagedError: If one of them is not what has been written.
        """
        for block in np.unique(rows // BLOCK):
            if not self.sound[block]:
                self._check(int(block))
        if not len(rows):
            return np.empty(0, self.dtype)
        first, begin, count = runs(rows, self.near)
        pieces = zip(begin.tolist(), count.tolist(), strict=True)
        found = bytearray().join([self._bytes(*piece) for piece in pieces])
        records = np.frombuffer(found, self.dtype)
        if len(records) == len(rows):
            return records
        shift = np.cumsum(count) - count - begin  # from a number in the file to one in `records`
        return records[rows + np.repeat(shift, np.diff(first, append=len(rows)))]

    def _bytes(self, begin: int, count: int) -> bytes:
        """So many neighbours as they lie in the file."""
        size = count * self.dtype.itemsize
        found = read_at(self.descriptor, size, self.offset + begin * self.dtype.itemsize)
        if len(found) != size:
            raise DamagedError(f"{self.path} has been cut short since it was opened")
        return found

    def _check(self, block: int) -> None:
        begin = block * BLOCK
        count = min(BLOCK, self.rows - begin)
        if zlib.crc32(self._bytes(begin, count)) != self.sums[block]:
            raise DamagedError(
                f"{self.path} is damaged in rows {begin:,} to {begin + count:,}. Remove it: the "
                "same command makes it anew"
            )
        self.sound[block] = True


def runs(rows: NDArray[np.int64], near: int) -> tuple[NDArray[np.int64], ...]:
    """Where numbers in a row are near each other: what is read of a file at once.

    Args:
        rows: The numbers, `(rows,)`, one at least.
        near: The largest step within a run, which never goes back.

    Returns:
        For each run the place of its first number in `rows`, that number, and how many there are
        from it to the last one.

    >>> [part.tolist() for part in runs(np.array([7, 8, 10, 30, 2]), near=2)]
    [[0, 3, 4], [7, 30, 2], [4, 1, 1]]
    """
    step = np.diff(rows, prepend=rows[0])  # 0 before the first one, which begins a run
    first = np.flatnonzero((step < 1) | (step > near))
    last = np.append(first[1:], len(rows)) - 1
    return first, rows[first], rows[last] + 1 - rows[first]


def read_at(descriptor: int, size: int, place: int) -> bytes:
    """So many bytes from a place on; fewer where the file ends."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, place)
    with ALONE, open(descriptor, "rb", buffering=0, closefd=False) as file:  # Windows
        file.seek(place)
        return file.read(size)
