"""Image files that are decoded when their batch is, not before."""

import dataclasses
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass
class ImageFiles:
    """A lazy `(rows, height, width, channels)` uint8 array over image files.

    The same decoder serves `files[indices]` and the epoch stream's `files.load(indices)`, so that
    clean losses and training see equal pixels.

    Args:
        paths: One file a row; they have been checked by `kreg.data.sources.image_folder`.
        size: `(height, width)`. Images of another size are resized (bilinear, antialiased).
        channels: `1` or `3`.
    """

    paths: list[Path]
    size: tuple[int, int]
    channels: int = 3

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.paths), *self.size, self.channels)

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: Iterable[int], /) -> "ImageFiles":
        return dataclasses.replace(self, paths=[self.paths[row] for row in rows])

    def __getitem__(self, rows: Any, /) -> NDArray[np.uint8]:
        """The decoded images of these rows."""
        rows = np.atleast_1d(np.arange(len(self))[rows])
        if not len(rows):
            return np.empty((0, *self.shape[1:]), np.uint8)
        images: NDArray[np.uint8] = self.load(rows).numpy()
        return images

    def one_by_one(self) -> "Iterator[NDArray[np.uint8] | None]":
        """Each decoded image, several at once on the way; `None` for a file that cannot be."""
        with ThreadPoolExecutor() as pool:
            yield from pool.map(self._image, self.paths)

    def _image(self, path: Path) -> NDArray[np.uint8] | None:
        import tensorflow as tf

        try:
            image: NDArray[np.uint8] = self._decode(tf.constant(str(path))).numpy()
        except tf.errors.OpError:
            return None
        return image

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def load(self, index: Any, /) -> "tf.Tensor":
        """The decoded images of these row numbers as a tensor; a function for `tf.data`."""
        import tensorflow as tf

        names = tf.constant([str(path) for path in self.paths])
        images = tf.map_fn(self._decode, tf.gather(names, index), fn_output_signature=tf.uint8)
        return tf.ensure_shape(images, (None, *self.size, self.channels))

    def _decode(self, name: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        content = tf.io.read_file(name)
        image = tf.io.decode_image(content, self.channels, expand_animations=False)
        image = tf.ensure_shape(image, (None, None, self.channels))
        same = tf.reduce_all(tf.shape(image)[:2] == list(self.size))
        return tf.cond(same, lambda: image, lambda: self._resize(image))

    def _resize(self, image: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        resized = tf.image.resize(image, self.size, antialias=True)
        return tf.cast(tf.round(tf.clip_by_value(resized, 0, 255)), tf.uint8)

    def signature(self) -> bytes:
        """Changes when a file is added, removed, renamed or rewritten."""
        facts = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in self.paths]
        return repr((facts, self.size, self.channels)).encode()

    def contents(self) -> Iterator[tuple[int, int]]:
        """One checksum a file, for finding duplicates."""
        return ((p.stat().st_size, zlib.crc32(p.read_bytes())) for p in self.paths)
