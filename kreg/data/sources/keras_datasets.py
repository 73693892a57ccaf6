"""Data sets of keras.datasets: Keras's cache is honoured, and `KREG_DATA` comes first.

The official test rows are the test split. The files of CIFAR and IMDB are pickled; Keras opens them
itself, after it has compared their SHA-256, by an unpickler that makes NumPy arrays only.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.dataset import Raw, classes_task
from kreg.data.sources import idx

Parts = tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]

FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR100 = (  # the fine labels, in the order of their numbers
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
    "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch "
    "crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo "
    "keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse "
    "mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy "
    "porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
    "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television "
    "tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
)
CLASSES = {
    "fashion_mnist": FASHION,
    "mnist": tuple("0123456789"),
    "cifar10": CIFAR10,
    "cifar100": tuple(CIFAR100.split()),
}
CACHED_AS = {
    "fashion_mnist": "fashion-mnist/ (four .gz files)",
    "mnist": "mnist.npz",
    "cifar10": "cifar-10-python.tar.gz, under the name cifar-10-batches-py-target_archive,",
    "cifar100": "cifar-100-python.tar.gz, under the name cifar-100-python-target_archive,",
    "imdb": "imdb.npz",
}


def images(name: str) -> Raw:
    """One of the image sets of `CLASSES`."""
    (x, y), (x_test, y_test) = _local(name) or _load(name)
    return Raw(
        name=name,
        x=_channels(x),
        y=y.reshape(-1),
        task="classification",
        class_names=list(CLASSES[name]),
        is_image=True,
        test=(_channels(x_test), y_test.reshape(-1)),
    )


def imdb(words: int = 1000) -> Raw:
    """50,000 film reviews, positive or negative, as 0/1 for each of the most frequent words."""
    (x, y), (x_test, y_test) = _load("imdb", num_words=words)
    return Raw(
        name="imdb",
        x=_bag_of_words(x, words),
        y=np.asarray(y),
        task=classes_task(2),
        class_names=["negative", "positive"],
        test=(_bag_of_words(x_test, words), np.asarray(y_test)),
    )


def _channels(x: NDArray[Any]) -> NDArray[Any]:
    return x[..., None] if x.ndim == 3 else x


def _bag_of_words(reviews: NDArray[Any], words: int) -> NDArray[np.float32]:
    bags = np.zeros((len(reviews), words), np.float32)
    for row, review in enumerate(reviews):
        bags[row, review] = 1
    bags[:, :3] = 0  # padding, start and unknown are no words
    return bags


def _local(name: str) -> Parts | None:
    """The IDX files below `KREG_DATA`, where they are."""
    root = os.environ.get("KREG_DATA")
    folder = Path(root, name) if root else None
    if folder and any(folder.glob("train-images-idx3-ubyte*")):
        return idx.mnist_like(folder)
    return None


def _load(name: str, **options: Any) -> Parts:
    """Keras's loader; anything that it raises becomes one sentence on where to put the paths."""
    import keras

    try:
        parts: Parts = getattr(keras.datasets, name).load_data(**options)
        return parts
    except Exception as error:
        home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
        extra = f", or its IDX files into $KREG_DATA/{name}" if "mnist" in name else ""
        raise OSError(
            f"data={name} is neither cached nor could it be downloaded. Put "
            f"{CACHED_AS[name]} into {home / 'datasets'}{extra}. ({type(error).__name__})"
        ) from error
