"""An array in a file, read where it lies; one look at all of it says whether it has gaps."""

import dataclasses
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.disk import hashing
from kreg.data.disk.rows import PART_BYTES, StoredRows
from kreg.data.preprocessing import Fitted
from kreg.foreign import memory
from kreg.foreign.array_file import ArrayFile
from kreg.foreign.record_file import RecordFile

Array = NDArray[Any]


@dataclasses.dataclass
class ArrayForm:
    """Rows of an array: a table of numbers, or pictures of bytes.

    Args:
        number: Its type.
        row: The shape of a row.
    """

    number: np.dtype[Any]
    row: tuple[int, ...]

    def dtype(self, fitted: Fitted | None) -> np.dtype[Any]:
        return self.number if fitted is None else np.dtype(np.float32)

    def shape(self, fitted: Fitted | None) -> tuple[int, ...]:
        return (*self.row, 1) if len(self.row) == 2 else self.row

    def rows(self, stored: Array, fitted: Fitted | None) -> Array:
        shaped = stored.reshape(len(stored), *self.shape(fitted))
        return shaped if fitted is None else fitted(shaped)


class ArrayStore:
    """The rows of an array; a `kreg.data.disk.rows.Store`.

    Args:
        array: Where they are.

    Raises:
        ValueError: If a number is missing or not finite: in which row.
    """

    def __init__(self, array: ArrayFile) -> None:
        dtype = np.dtype((array.dtype, array.shape[1:]))
        self.records = RecordFile(array.path, dtype, len(array), None, array.offset)
        self.row_bytes = dtype.itemsize
        self.smallest, self.sum = hashing.Smallest(), 0
        size = max(PART_BYTES // max(self.row_bytes, 1), 1)
        for begin in range(0, len(array), size):
            part = self.read(np.arange(begin, min(begin + size, len(array))))
            self._look(array, begin, part)

    def _look(self, array: ArrayFile, begin: int, part: Array) -> None:
        """Sum and hashes of some rows, which must be finite."""
        self.sum = zlib.crc32(np.ascontiguousarray(part).view(np.uint8).data, self.sum)
        self.smallest.add(begin, hashing.of_rows(part))
        if part.dtype.kind == "f":
            wrong = ~np.isfinite(part.reshape(len(part), -1))
            for row, column in np.argwhere(wrong)[:1]:
                raise ValueError(
                    f"{array.path}: the number in row {begin + row}, column {column} of x is "
                    "missing or not finite. Fill it, say data.cache=memory if the rows fit into "
                    "memory, or store a Parquet table, which may have gaps (data=parquet)."
                )

    def __len__(self) -> int:
        return len(self.records)

    def read(self, rows: NDArray[np.int64]) -> Array:
        return self.records.read(rows)

    def signature(self) -> bytes:
        return repr((self.sum, len(self), str(self.records.dtype))).encode()

    def sampled(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        return self.smallest.rows, self.smallest.hashes


def stored(array: ArrayFile) -> StoredRows:
    """The rows of an array, to be read when they are asked for.

    Raises:
        ValueError: If they are no table of numbers and no pictures of bytes.
    """
    if array.dtype.kind not in "biuf" or not 2 <= array.ndim <= 4:
        raise ValueError(
            f"{array.path}: x must be a table or images of numbers, not {array.dtype} of shape "
            f"{array.shape}."
        )
    if array.ndim > 2 and array.dtype != np.uint8:
        raise ValueError(
            f"{array.path}: pictures that stay on the disk are bytes (uint8, 0 to 255), and these "
            f"are {array.dtype}. Store them so, or say data.cache=memory if they fit into memory."
        )
    form = ArrayForm(array.dtype, array.shape[1:])
    return StoredRows(ArrayStore(array), form, None)


def where(array: ArrayFile) -> str:
    """What is said of rows that stay on the disk."""
    return (
        f"x ({memory.told(array.nbytes)}) stays on the disk and is read from {array.path.name} as "
        "it is needed; do not change that file while it is trained on."
    )
