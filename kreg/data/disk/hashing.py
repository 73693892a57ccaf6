"""Hashes of rows: which split a row belongs to, and which rows are equal. The same everywhere."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
KEPT = 2**20  # hashes of contents that are kept at most
ODD, MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def mixed(values: NDArray[np.uint64]) -> Hashes:
    """A hash of whole numbers, in which every bit depends on every bit (splitmix64).

    Source: Steele, Lea and Flood 2014.

    >>> mixed(np.array([1, 2], np.uint64)).tolist()
    [10451216379200822465, 10905525725756348110]
    """
    values = values.astype(np.uint64) * np.uint64(1) + ODD
    values = (values ^ (values >> np.uint64(30))) * MIX
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def of_text(text: str) -> int:
    """64 bits of a text."""
    return int.from_bytes(
        hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    )


def of_texts(texts: Iterable[Any]) -> Hashes:
    """64 bits of each text; what comes again is hashed once."""
    import pandas as pd

    codes, different = pd.factorize(np.asarray(texts, object))
    return np.array([of_text(str(text)) for text in different], np.uint64)[codes]


def of_rows(rows: NDArray[Any]) -> Hashes:
    """64 bits of the bytes of each row (a multilinear hash)."""
    raw = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    raw = np.pad(raw, ((0, 0), (0, -raw.shape[1] % 4)))
    words = raw.view(np.uint32)
    factors = mixed(np.arange(words.shape[1], dtype=np.uint64)) | np.uint64(1)
    found = np.zeros(len(rows), np.uint64)
    for column, factor in zip(words.T, factors, strict=True):
        found += column.astype(np.uint64) * factor
    return mixed(found)


class Smallest:
    """The rows with the smallest hashes: of equal rows all, or none.

    Args:
        most: How many are kept, about; the memory of this is bounded.
    """

    def __init__(self, most: int = KEPT) -> None:
        self.most, self.below = most, 1.0
        self.rows = np.empty(0, np.uint32)
        self.hashes: Hashes = np.empty(0, np.uint64)

    def add(self, first: int, hashes: Hashes) -> None:
        """The hashes of the next rows, of which `first` is the number of the first."""
        rows = first + np.arange(len(hashes), dtype=np.uint32)
        self.rows = np.append(self.rows, rows.astype(np.uint32))
        self.hashes = np.append(self.hashes, hashes)
        while True:
            kept = shares(self.hashes) < self.below
            self.rows, self.hashes = self.rows[kept], self.hashes[kept]
            if len(self.rows) <= self.most or self.below < 2**-40:
                return
            self.below /= 2


def shares(hashes: Hashes) -> NDArray[np.float64]:
    """Hashes as numbers from 0 to 1, evenly spread."""
    return hashes / 2.0**64
