"""The IDX format of MNIST and its relatives, read without trusting the header."""

import gzip
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

UBYTE = 0x08
MAX_BYTES = 2**30


def read(path: str | Path) -> Bytes:
    """A uint8 array from an `.idx?-ubyte` or `.idx?-ubyte.gz` file.

    Raises:
        ValueError: If the file is not IDX, is truncated, or is larger than a gibibyte.
    """
    opener = gzip.open if Path(path).suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error
    if len(content) < 8 or content[:2] != b"\0\0" or content[2] != UBYTE or not content[3]:
        raise ValueError(f"{path} is not an IDX file of unsigned bytes.")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start], ">u4").tolist()
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} is truncated or too long: its header says {shape}.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def mnist_like(folder: str | Path) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """`(x_train, y_train), (x_test, y_test)` from the four files of an MNIST-like folder."""
    train, test = (
        (_one(Path(folder), f"{part}-images-idx3"), _one(Path(folder), f"{part}-labels-idx1"))
        for part in ("train", "t10k")
    )
    return train, test


def _one(folder: Path, stem: str) -> Bytes:
    for suffix in ("-ubyte.gz", "-ubyte"):
        if (folder / (stem + suffix)).is_file():
            return read(folder / (stem + suffix))
    raise FileNotFoundError(f"{folder} lacks {stem}-ubyte.gz")
