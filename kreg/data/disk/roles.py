"""Which split a row on the disk belongs to: a function of the seed and of the row's own key.

The key is a hash of its file's name and its place there, or of its group. No other row has a say,
so rows that are added later leave the others where they are; the shares are met on average.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kreg.data.disk.hashing import mixed, of_text, shares
from kreg.data.splits import (
    FOLDS,
    SUBSET,
    TEST,
    VALIDATION,
    Indices,
    Rows,
    Splitting,
    split_rows,
    wanted,
)

Keys = NDArray[np.uint32]


class Places:
    """A hash of the place of each row, as an array that is computed where it is read.

    Args:
        counts: Name and rows of each file, in their order.
    """

    def __init__(self, counts: Sequence[tuple[str, int]]) -> None:
        self.names = np.array([of_text(name) for name, _ in counts], np.uint64)
        self.ends = np.cumsum([count for _, count in counts])
        self.begins = np.concatenate([[0], self.ends[:-1]])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, rows: "slice | Indices") -> Keys:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        file = np.searchsorted(self.ends, rows, "right")
        numbers = (rows - self.begins[file]).astype(np.uint64)
        return (mixed(numbers + self.names[file]) >> np.uint64(32)).astype(np.uint32)


@dataclasses.dataclass
class Dealing:
    """What decides on the split of each row, without a look at the others.

    Args:
        keys: A hash of the row's place or group, `(rows,)`; or the number of its file.
        by_file: Whether these are numbers of files: whole files are dealt out.
    """

    keys: Keys | Places
    by_file: bool = False

    def take(self, rows: Indices) -> "Dealing":
        """That of these rows."""
        return Dealing(self.keys[rows], self.by_file)

    def split(self, how: Splitting, own_test: bool) -> Rows:
        """`(train, validation, test, fold)`, all in the order of the rows."""
        if self.by_file:
            return split_by_file(np.asarray(self.keys), how, own_test)
        return split_by_key(self.keys, how, own_test)

    def subset(self, rows: Indices, how: Splitting) -> Indices:
        """The training rows that `train_size` keeps."""
        whole = np.arange(len(self.keys), dtype=np.uint32) if self.by_file else self.keys
        return subset_by_key(rows, whole, how)


TRAIN, VALID, TESTS, FOLD = range(4)  # in the order of `Rows`
PART = 2**20  # keys that are looked at together


def split_by_key(keys: Keys | Places, how: Splitting, own_test: bool) -> Rows:
    """`(train, validation, test, fold)`, all in the order of the rows.

    Args:
        keys: One a row, `(rows,)`; rows of one key stay together.
        how: The shares.
        own_test: Whether the source brings its own test rows.
    """
    share = 0.0 if own_test else how.test
    begins = range(0, len(keys), PART)
    roles = np.concatenate([_roles(keys[begin : begin + PART], how, share) for begin in begins])
    found = (np.flatnonzero(roles == role) for role in (TRAIN, VALID, TESTS, FOLD))
    return Rows(*(part.astype(np.uint32) for part in found))


def _roles(keys: Keys, how: Splitting, share: float) -> NDArray[np.int8]:
    roles = np.full(len(keys), TRAIN, np.int8)
    left = (1 - share) * (1 - 1 / how.folds if how.folds else 1)
    roles[_drawn(keys, how, VALIDATION) < how.validation / left] = VALID
    if how.folds:
        roles[(_drawn(keys, how, FOLDS) * how.folds).astype(np.int64) == how.fold] = FOLD
    roles[_drawn(keys, how, TEST) < share] = TESTS
    return roles


def split_by_file(file: NDArray[np.uint32], how: Splitting, own_test: bool) -> Rows:
    """The same with whole files, which are dealt out: as many as the shares say, one at least.

    Args:
        file: The number of each row's file, `(rows,)`.
        how: The shares.
        own_test: Whether the source brings its own test rows.
    """
    files = int(file.max()) + 1
    found = split_rows(np.zeros(files, np.int64), how, own_test=own_test)
    return Rows(*(np.flatnonzero(np.isin(np.arange(files), part)[file]) for part in found))


def subset_by_key(rows: Indices, keys: Keys | Places, how: Splitting) -> Indices:
    """The training rows that `train_size` keeps: those with the smallest numbers of their keys."""
    count = wanted(how.train_size, len(rows))
    if count == len(rows):
        return rows
    return np.sort(rows[np.argpartition(_drawn(keys[rows], how, SUBSET), count - 1)[:count]])


def _drawn(keys: Keys, how: Splitting, stream: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each key; each use of the seed has its own."""
    salt = np.uint64(how.generator(stream).integers(2**63))
    return shares(mixed(keys.astype(np.uint64) ^ salt))
