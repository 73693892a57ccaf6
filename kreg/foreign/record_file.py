"""Equally large records at the start of a file, an archive of arrays behind them: read in place."""

import mmap
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.files import AnyPath
from kreg.foreign.content import DamagedError, opened

BLOCK = 4096  # records that have one CRC-32
PIECE = 2**16  # bytes that the system reads around a place
HELD = 2**27  # bytes of pieces that stay mapped
SUMS = "sums"


class RecordFile:
    """The records of a file that `kreg.data.disk.writing` has written.

    The CRC-32 of a block is computed when one of its records is first read. What has been read is
    given back to the system from time to time, so that the process never holds much of the file.

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
        self.path, self.dtype = path, dtype
        self.sound = np.full(-(-rows // BLOCK), sums is None)
        self.sums = np.zeros(len(self.sound), np.uint32) if sums is None else sums
        with open(opened(path), "rb") as file:
            there = file.seek(0, 2)
            if there < offset + rows * dtype.itemsize or self.sums.shape != self.sound.shape:
                raise DamagedError(f"it has {there:,} bytes and not {rows:,} rows with their sums")
            self.mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.records = np.frombuffer(self.mapped, dtype, rows, offset)
        self.touched = 0

    def __len__(self) -> int:
        return len(self.records)

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The records of these numbers.

        Raises:
            DamagedError: If one of them is not what has been written.
        """
        for block in np.unique(rows // BLOCK):
            if not self.sound[block]:
                self._check(int(block))
        pieces = np.unique(rows * self.dtype.itemsize // PIECE)
        limit = max(len(rows) * HELD // max(len(pieces) * PIECE, 1), 1)
        parts = []
        for begin in range(0, len(rows), limit):
            parts.append(self.records[rows[begin : begin + limit]])
            self._touch(len(pieces) * PIECE * len(parts[-1]) // len(rows))
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def _check(self, block: int) -> None:
        part = self.records[block * BLOCK : (block + 1) * BLOCK]
        if zlib.crc32(part.view(np.uint8).data) != self.sums[block]:
            raise DamagedError(
                f"{self.path} is damaged in rows {block * BLOCK:,} to "
                f"{block * BLOCK + len(part):,}. Remove it: the same command makes it anew"
            )
        self.sound[block] = True
        self._touch(part.nbytes)

    def _touch(self, size: int) -> None:
        """Give pages back to the system where too many of them are held."""
        self.touched += size
        if self.touched > HELD:
            self.touched = 0
            if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, which does it by itself
                self.mapped.madvise(mmap.MADV_DONTNEED)
