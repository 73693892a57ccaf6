"""Decoded pictures: kept in memory, or in one file on the disk that later runs find again.

The file's name is a hash over all that the pixels depend on, and it appears whole or not at all.
A process that wants the same pictures at the same time waits for the first one.
"""

import hashlib
import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kreg import files
from kreg.data import caches
from kreg.data.pictures.decoding import Recipe
from kreg.data.pictures.folder import Listing
from kreg.foreign import memory
from kreg.foreign.content import DamagedError
from kreg.foreign.pixel_file import SUM, PixelFile

AUTO, MEMORY, DISK, NONE = CACHES = ("auto", "memory", "disk", "none")
VERSION = 1
ENDING = ".pixels"
SHARE = 4  # `auto` takes at most one part in so many of the memory
GIB = 2**30

Put: TypeAlias = Callable[[int, NDArray[np.uint8]], None]
# decodes, and gives each row and its pixels to `put`, from several threads
Fill: TypeAlias = Callable[[Put], None]


class Kept(Protocol):
    """Decoded pictures by their rows."""

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """`(pixels, wrong)`: see `PixelFile.take`."""


class InMemory:
    """Pictures in an array, `(rows, height, width, channels)`."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        return self.pixels[rows], np.empty(0, np.int64)


def default_folder() -> Path:
    """Where the pictures of this user are kept."""
    return caches.folder() / "pictures"


def place(cache: str, size: int, limit: int) -> tuple[str, str | None]:
    """Where pictures go, and a sentence if that is not where they were to go.

    Args:
        cache: One of `CACHES`. `"auto"` is the memory for a quarter of it at most, else the disk.
        size: Bytes of all decoded pictures.
        limit: Bytes that may be kept at most.
    """
    if cache == NONE:
        return NONE, None
    if size > limit:
        return NONE, (
            f"the decoded pictures take {memory.told(size)}, and data.cache_limit is "
            f"{memory.told(limit)}: they are decoded anew in every epoch."
        )
    if cache == MEMORY and size > memory.available():
        raise ValueError(
            f"data.cache=memory, but the decoded pictures take {memory.told(size)} and this "
            f"machine has {memory.told(memory.available())}. Say data.cache=disk."
        )
    fits = size <= memory.available() // SHARE
    return {AUTO: MEMORY if fits else DISK}.get(cache, cache), None


def in_memory(rows: int, recipe: Recipe, fill: Fill) -> Kept:
    """The pictures that `fill` decodes; rows that it leaves out are black."""
    pixels = np.zeros((rows, *recipe.shape), np.uint8)
    fill(pixels.__setitem__)
    return InMemory(pixels)


def on_disk(folder: Path, listing: Listing, recipe: Recipe, limit: int, fill: Fill) -> Kept:
    """The pictures that an earlier run has kept, or that `fill` decodes now.

    Args:
        folder: Of all such files; made where it is missing.
        listing: The files.
        recipe: How they are decoded.
        limit: Bytes that the folder may hold; what was used longest ago makes room.
        fill: Called where nothing is kept yet.

    Raises:
        OSError: If the disk is full, or the folder may not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (key(listing, recipe) + ENDING)
    rows = len(listing.names)
    with caches.alone(path, "decodes the same pictures"):
        known = _find(path, rows, recipe)
        if known is not None:
            return known
        size = rows * (_row_bytes(recipe) + SUM.itemsize)
        caches.make_room(path, size, limit)
        caches.refuse_full(folder, size)
        with files.replacing(path) as temporary, open(temporary, "wb") as file:
            _write(file, rows, recipe, fill)
        return PixelFile(path, rows, recipe.shape)


def key(listing: Listing, recipe: Recipe) -> str:
    """Another one where a file, the decoder or what is wanted of it is another."""
    from PIL import __version__ as decoder

    facts = (VERSION, decoder, recipe, len(listing.names))
    found = hashlib.sha256(repr(facts).encode())
    found.update("\0".join(listing.names).encode(errors="surrogateescape"))
    found.update(np.ascontiguousarray(listing.stamps).tobytes())
    return found.hexdigest()[:32]


def _row_bytes(recipe: Recipe) -> int:
    return int(np.prod(recipe.shape))


def _write(file: BinaryIO, rows: int, recipe: Recipe, fill: Fill) -> None:
    """The rows at their places, then their sums. What is mapped would crash on a full disk."""
    size = _row_bytes(recipe)
    sums = np.full(rows, zlib.crc32(bytes(size)), SUM)

    one = threading.Lock()  # the place and the bytes belong together

    def put(row: int, pixels: NDArray[np.uint8]) -> None:
        content = pixels.tobytes()
        sums[row] = zlib.crc32(content)
        with one:
            file.seek(row * size)
            file.write(content)

    fill(put)
    file.seek(rows * size)
    file.write(sums.tobytes())


def _find(path: Path, rows: int, recipe: Recipe) -> PixelFile | None:
    try:
        found = PixelFile(path, rows, recipe.shape)
        os.utime(path)
    except (OSError, DamagedError):
        return None
    return found
