"""Pictures that are decoded when their batch is, or that were decoded once and are kept."""

import dataclasses
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.pictures.decoding import PictureError, Recipe, decode
from kreg.data.pictures.kept import Kept
from kreg.foreign.content import DamagedError

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass
class ImageFiles:
    """A lazy `(rows, height, width, channels)` uint8 array over image files.

    The same decoder serves `files[indices]`, the epoch stream's `files.load(indices)` and what is
    kept, so that clean losses and training see equal pixels with a cache and without.

    Args:
        root: The folder of the files.
        names: One file a row, relative to `root`, as `kreg.data.sources.image_folder` has checked
            them.
        recipe: How they are decoded.
        facts: Bytes, time of change and CRC-32 of each file, `(rows, 3)`.
        kept: All decoded pictures of the folder, or `None`.
        rows: The number of each file in `kept`, `(rows,)`.
    """

    root: Path
    names: list[str]
    recipe: Recipe
    facts: NDArray[np.int64]
    kept: Kept | None = None
    rows: NDArray[np.int64] = dataclasses.field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.names), *self.recipe.shape)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [self.root / name for name in self.names]

    def take(self, rows: Iterable[int], /) -> "ImageFiles":
        index = np.asarray(rows, np.int64)
        return dataclasses.replace(
            self,
            names=[self.names[row] for row in index],
            facts=self.facts[index],
            rows=self.rows[index] if self.kept is not None else self.rows,
        )

    def __getitem__(self, rows: Any, /) -> NDArray[np.uint8]:
        """The decoded images of these rows."""
        index = np.atleast_1d(np.arange(len(self))[rows])
        if self.kept is None:
            return self._decoded(index)
        pixels, wrong = self.kept.take(self.rows[index])
        if len(wrong):
            pixels[wrong] = self._decoded(index[wrong])
        return pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def load(self, index: Any, /) -> "tf.Tensor":
        """The decoded images of these row numbers as a tensor; a function for `tf.data`."""
        import tensorflow as tf

        images = tf.numpy_function(self.__getitem__, [index], tf.uint8)
        return tf.ensure_shape(images, (None, *self.recipe.shape))

    def _decoded(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        pixels = np.empty((len(index), *self.recipe.shape), np.uint8)
        for place, row in enumerate(index):
            try:
                pixels[place] = decode(self.root / self.names[row], self.recipe)
            except PictureError as error:
                raise DamagedError(f"{self.names[row]} has changed: it {error}.") from error
        return pixels

    def signature(self) -> bytes:
        """Changes when a file is added, removed, renamed or rewritten."""
        stamps = self.facts[:, :2].tolist()
        names = map(os.path.basename, self.names)
        facts = [(name, *stamp) for name, stamp in zip(names, stamps, strict=True)]
        told: tuple[Any, ...] = (facts, self.recipe.size, self.recipe.channels)  # as 0.1 did
        if self.recipe != Recipe(self.recipe.size, self.recipe.channels):
            told = (*told, self.recipe)
        return repr(told).encode(errors="surrogateescape")

    def contents(self) -> Iterator[tuple[int, int]]:
        """Size and checksum of each file, for finding duplicates."""
        return ((int(size), int(code)) for size, _, code in self.facts)


def checksum(content: bytes) -> int:
    """What `facts` hold of a file's bytes."""
    return zlib.crc32(content)
