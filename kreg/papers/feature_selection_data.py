"""The data sets of the LassoNet paper that are here, split as in the paper, and its figures.

Lemhadri, Ruan, Abraham & Tibshirani, LassoNet: a neural network with feature sparsity, 2021. Their
figures are for a random fifth as test rows. Two of the sets are not quite theirs: their ISOLET has
7,797 rows, ours 1,560; their missing values in Mice were filled with class means, which tells the
label, ours with the training rows' means. Rows of one mouse are in both parts, as in the paper.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from kreg.foreign import npz

FILES = {"mice": "mice_protein/data.npz", "isolet": "isolet1560/data.npz", "mnist": "mnist"}
TREES = "published LassoNet, then trees"  # read in the paper's Table 2
NETWORK = "published LassoNet, then a network (unconfirmed)"  # Table 1, not read there


def cells(trees: float, network: float) -> list[dict[str, Any]]:
    """The two published accuracies with 50 features; only the first was read in the paper."""
    return [
        {"selector": name, "accuracy": accuracy, "features": 50, "published": True}
        for name, accuracy in ((TREES, trees), (NETWORK, network))
    ]


PUBLISHED = {
    "mice": cells(99.7, 95.8),
    "isolet": cells(89.1, 88.5),
    "mnist": cells(89.2, 87.3),
}


@dataclass
class Split:
    """Training and test rows in [0, 1]; hidden units are a third of the features."""

    x: np.ndarray
    x_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray

    @property
    def hidden(self) -> int:
        return int(max(self.x.shape[1] // 3, 2))

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1


def load(folder: Path, name: str, seed: int) -> Split:
    """Four fifths for training, the rest for testing; filled and scaled by the training rows."""
    x, y = read(folder, name)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
    means = np.nanmean(x, axis=0)
    x, x_test = (np.where(np.isnan(part), means, part) for part in (x, x_test))
    scale = MinMaxScaler().fit(x)
    x, x_test = (scale.transform(part).astype("float32") for part in (x, x_test))
    return Split(x, x_test, y, y_test)


def read(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels from 0; of MNIST the 10,000 test images, as in the paper."""
    if name == "mnist":
        images = idx(folder / FILES[name] / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)
        return images.astype("float32"), idx(folder / FILES[name] / "t10k-labels-idx1-ubyte.gz", 8)
    file = npz.arrays(folder / FILES[name])
    x, y = file["X"].astype("float32"), file["y"].astype("int32")
    return x, y - y.min()


def idx(file: Path, header: int) -> np.ndarray:
    """The bytes of an IDX file behind its header."""
    with gzip.open(file) as opened:
        return np.frombuffer(opened.read(), np.uint8, offset=header).astype("int32")
