"""Rows that lie on the disk, as training, measuring and the checks read them: some at a time."""

import dataclasses
import functools
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kreg.data.disk.window import Window
from kreg.data.preprocessing import Fitted

if TYPE_CHECKING:
    import tensorflow as tf

Array = NDArray[Any]
PART, PART_BYTES = 2**14, 2**25  # rows, and their bytes, of a pass over all
WINDOWS = 1.25  # that are held at once: a batch may have rows of two
WINDOW_BYTES = 2**28  # of them at most; larger ones are not held, and their rows read one by one


class Store(Protocol):
    """What holds the rows as they are stored."""

    def __len__(self) -> int: ...

    @property
    def row_bytes(self) -> int:
        """Of a stored row."""

    def read(self, rows: NDArray[np.int64]) -> Array:
        """The stored rows of these numbers."""

    def signature(self) -> bytes:
        """Another one where any row is another."""

    def sampled(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """Numbers of rows, and a hash of each: all rows, or those with the smallest hashes."""


class Form(Protocol):
    """What stored rows become: numbers as they are, or what the fitted preprocessing makes."""

    def dtype(self, fitted: Fitted | None) -> np.dtype[Any]: ...

    def shape(self, fitted: Fitted | None) -> tuple[int, ...]:
        """Of one row."""

    def rows(self, stored: Array, fitted: Fitted | None) -> Array: ...


@dataclasses.dataclass
class StoredRows:
    """A lazy array over rows on the disk.

    Args:
        store: What holds them.
        form: What they become.
        numbers: Theirs in the store, `(rows,)`; `None` for all rows in their order.
        fitted: The preprocessing, once it is fitted on the training rows.
        block: Neighbours that are read together.
        window: Rows that an epoch shuffles among each other.
    """

    store: Store
    form: Form
    numbers: NDArray[np.uint32] | None
    fitted: Fitted | None = None
    block: int = 1024
    window: int = 2**18

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.form.dtype(self.fitted)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.form.shape(self.fitted))

    @property
    def index(self) -> NDArray[np.uint32]:
        """Their numbers in the store, `(rows,)`."""
        return np.arange(len(self), dtype=np.uint32) if self.numbers is None else self.numbers

    def __len__(self) -> int:
        return len(self.store) if self.numbers is None else len(self.numbers)

    def take(self, rows: Any, /) -> "StoredRows":
        return dataclasses.replace(self, numbers=self._numbers(rows))

    def _numbers(self, rows: Any) -> NDArray[np.uint32]:
        """The numbers of some of these rows, told by their places or a slice of them."""
        if self.numbers is not None:
            return np.atleast_1d(self.numbers[rows])
        count = len(self)
        if isinstance(rows, slice):
            return np.arange(*rows.indices(count), dtype=np.uint32)
        places = np.atleast_1d(rows)
        if places.dtype.kind == "b":
            places = np.flatnonzero(places)
        if places.size and not (-count <= places.min() and places.max() < count):
            raise IndexError(f"there are {count:,} rows, and {rows!r} are asked for")
        if places.dtype.kind == "u":
            return places.astype(np.uint32, copy=False)  # not one more array of their size
        return np.where(places < 0, places + count, places).astype(np.uint32)

    def __getitem__(self, rows: Any, /) -> Array:
        return self._prepared(self._read, self._numbers(rows))

    def _prepared(self, read: Callable[[Any], Array], index: NDArray[np.integer[Any]]) -> Array:
        """What the network reads of rows, some at a time."""
        size = self._at_once
        found = [
            self.form.rows(read(index[begin : begin + size]), self.fitted)
            for begin in range(0, max(len(index), 1), size)
        ]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def stored(self, rows: Any) -> Array:
        """These rows as the store has them."""
        return self._read(self._numbers(rows))

    def _read(self, index: NDArray[np.uint32]) -> Array:
        return self.store.read(index.astype(np.int64))

    @property
    def _at_once(self) -> int:
        """Rows that become numbers together: what that takes is bounded."""
        return min(PART, max(PART_BYTES // self.store.row_bytes, 1))

    def parts(self) -> Iterator[Array]:
        """All rows as the store has them, some at a time."""
        for begin in range(0, len(self), self._at_once):
            yield self.stored(slice(begin, begin + self._at_once))

    def spread(self, count: int) -> "StoredRows":
        """At most `count` rows, at even distances."""
        count = min(count, len(self))
        return self.take(np.arange(count, dtype=np.int64) * len(self) // max(count, 1))

    def prepared(self, fitted: Fitted | None) -> "StoredRows":
        """The same rows, as this preprocessing makes them."""
        return dataclasses.replace(self, fitted=fitted)

    def load(self, index: Any, /) -> "tf.Tensor":
        """The rows of these numbers as a tensor; a function for `tf.data`."""
        return self._tensor(self.__getitem__, index)

    def load_blocks(self, index: Any, /) -> "tf.Tensor":
        """As `load`, for one who takes all rows of a window after each other: blocks are held."""
        blocks = max(int(WINDOWS * self.window) // self.block, 1)
        if blocks * self.block * self.store.row_bytes > WINDOW_BYTES:
            return self.load(index)
        held = Window(self.stored, len(self), self.block, blocks)
        return self._tensor(functools.partial(self._prepared, held.take), index)

    def _tensor(self, read: Callable[[Any], Array], index: Any) -> "tf.Tensor":
        import tensorflow as tf

        rows = tf.numpy_function(read, [index], tf.as_dtype(self.dtype))
        return tf.ensure_shape(rows, (None, *self.shape[1:]))

    def signature(self) -> bytes:
        told = getattr(self.fitted, "to_dict", lambda: None)()
        return self.store.signature() + repr((zlib.crc32(self.index.data), told)).encode()

    def contents(self) -> NDArray[np.uint64]:
        """Hashes of the rows that `hashed` is about."""
        return self.hashed()[1]

    def hashed(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The places of those rows that the store has a hash of, and their hashes.

        Of rows that are equal all are in the sample, or none.
        """
        rows, hashes = self.store.sampled()  # in the order of the store
        known = np.zeros(len(self.store), bool)
        known[rows] = True
        places = np.flatnonzero(known[self.index])
        return places, hashes[np.searchsorted(rows, self.index[places])]
