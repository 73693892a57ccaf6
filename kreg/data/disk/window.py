"""The blocks of a window in memory: an epoch takes their rows in an order that no disk likes.

The stream of an epoch shuffles the rows of a few hundred blocks among each other
(`kreg.data.stream`). Read one by one, each row is a call of the system; a block is one as well.

Several threads make batches, so one may still ask for rows of the window before. It gets them one
by one: blocks are replaced when two calls after each other miss most of theirs.
"""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NOWHERE = -1


class Window:
    """Rows by their numbers; the blocks that were used last are kept. Threads may share it.

    Args:
        read: The rows of a slice or of numbers.
        rows: How many there are.
        block: Neighbours that are read together.
        blocks: How many blocks are kept.
    """

    def __init__(self, read: Callable[[Any], Array], rows: int, block: int, blocks: int) -> None:
        self.read, self.rows, self.block = read, rows, block
        self.place = np.full(-(-rows // block), NOWHERE, np.int32)  # where each block is kept
        self.kept = np.full(min(blocks, len(self.place)), NOWHERE, np.int32)  # which one is where
        self.used = np.zeros(len(self.kept), np.int64)  # in which call last
        self.calls, self.missed = 0, False
        self.alone = threading.Lock()
        self.buffer: Array | None = None

    def take(self, rows: NDArray[np.int64]) -> Array:
        """The rows of these numbers, from 0; blocks that are not kept are read."""
        block, within = np.divmod(rows, self.block)
        wanted = np.unique(block)
        with self.alone:
            there = self.place[wanted]
            missing = wanted[there == NOWHERE]
            before, self.missed = self.missed, 2 * len(missing) > len(wanted)
            if len(wanted) <= len(self.kept) and (before or not self.missed):
                self.calls += 1
                self.used[there[there != NOWHERE]] = self.calls  # so that none of them makes room
                buffer = self._made()
                for one in missing.tolist():
                    self._keep(one, buffer)
                return buffer[self.place[block], within]
        return self.read(rows)

    def _made(self) -> Array:
        if self.buffer is None:
            row = self.read(slice(0, 1))
            self.buffer = np.empty((len(self.kept), self.block, *row.shape[1:]), row.dtype)
        return self.buffer

    def _keep(self, block: int, buffer: Array) -> None:
        """Read a block to where the one is that was not used for the longest time."""
        rows = self.read(slice(block * self.block, min((block + 1) * self.block, self.rows)))
        place = int(self.used.argmin())
        if self.kept[place] != NOWHERE:
            self.place[self.kept[place]] = NOWHERE
        buffer[place, : len(rows)] = rows
        self.kept[place], self.place[block], self.used[place] = block, place, self.calls
