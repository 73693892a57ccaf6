"""A file of equally large rows of bytes with a CRC-32 of each at its end, read where it lies."""

import zlib

import numpy as np
from numpy.typing import NDArray

from kreg.files import AnyPath
from kreg.foreign.content import DamagedError, opened

SUM = np.dtype("<u4")


class PixelFile:
    """The rows of a file that `kreg.data.pictures.kept` has written.

    Args:
        path: The file.
        rows: How many there are.
        shape: Of each.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it has another size than these rows and their sums.
    """

    def __init__(self, path: AnyPath, rows: int, shape: tuple[int, ...]) -> None:
        size = int(np.prod(shape, dtype=np.int64))
        with open(opened(path), "rb") as file:
            there = file.seek(0, 2)
            if there != rows * (size + SUM.itemsize) or not rows:
                raise DamagedError(f"it has {there:,} bytes, not {rows:,} rows of {size:,}")
            whole = np.memmap(file, np.uint8, "r")
        self.pixels = whole[: rows * size].reshape(rows, *shape)
        self.sums = whole[rows * size :].view(SUM)

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """`(pixels, wrong)`: these rows, and which of them, from 0, do not match their sums."""
        pixels = np.asarray(self.pixels[rows])
        sums = [zlib.crc32(row) for row in pixels]
        return pixels, np.flatnonzero(np.array(sums, SUM) != self.sums[rows])
