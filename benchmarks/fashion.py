"""Fashion-MNIST from `$KREG_DATA/fashion_mnist`, for benchmarks."""

import gzip
import os
from pathlib import Path

import numpy as np


def fashion() -> tuple:
    """`((x, y), (x_test, y_test))`: uint8 images of shape (n, 28, 28) and class ids."""
    folder = Path(os.environ["KREG_DATA"]) / "fashion_mnist"
    return tuple((idx(folder, f"{part}-images", 3), idx(folder, f"{part}-labels", 1))
                 for part in ("train", "t10k"))  # fmt: skip


def idx(folder: Path, name: str, rank: int) -> np.ndarray:
    """One IDX file of unsigned bytes."""
    with gzip.open(folder / f"{name}-idx{rank}-ubyte.gz") as file:
        content = file.read()
    shape = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
