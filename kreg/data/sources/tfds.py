"""TensorFlow Datasets, with the extra `tfds`: any set that has `(input, label)` pairs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.dataset import Raw, classes_task


def tfds(name: str, *, download: bool = False) -> Raw:
    """A data set of TensorFlow Datasets, read into memory.

    Args:
        name: Such as `"mnist"` or `"cifar10:3.0.2"`.
        download: Whether it may be downloaded. Defaults to `False`: only what is prepared is read.
    """
    try:
        import tensorflow_datasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("data=tfds needs the extra: pip install kreg[tfds]") from error
    try:
        parts, info = tensorflow_datasets.load(
            name, as_supervised=True, batch_size=-1, download=download, with_info=True
        )
    except Exception as error:
        raise ValueError(
            f"data.name={name} cannot be loaded: {str(error).splitlines()[0]} "
            "Say data.download=true if it may be downloaded."
        ) from error
    arrays = {part: tensorflow_datasets.as_numpy(pair) for part, pair in parts.items()}
    return from_arrays(name, arrays, list(getattr(info.features["label"], "names", [])))


def from_arrays(
    name: str, arrays: dict[str, tuple[NDArray[Any], NDArray[Any]]], classes: list[str]
) -> Raw:
    """The pairs of the splits `train` and, where there is one, `test`."""
    x, y = arrays["train"]
    y = np.asarray(y)
    classes = classes or [str(label) for label in range(int(y.max()) + 1)]
    return Raw(
        name=name.split(":")[0],
        x=np.asarray(x),
        y=y,
        task=classes_task(len(classes)),
        class_names=classes,
        is_image=np.ndim(x) == 4,
        test=arrays.get("test"),
    )
