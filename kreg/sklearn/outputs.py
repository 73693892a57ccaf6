"""From the rows of `predict` to the numbers of a fitted network, whatever their number."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.preprocessing import Columns

if TYPE_CHECKING:
    import keras
    import pandas as pd

BATCH, LEAST = 1024, 32  # rows that the network computes at once
Array = NDArray[Any]


def encoded(
    x: "pd.DataFrame | Array", fitted: Columns | None, shape: tuple[int, ...], dtype: str
) -> Array:
    """The network's inputs: columns with the numbers of the training rows, or the pictures.

    Args:
        x: A frame of `rows.inputs`, or pictures.
        fitted: The columns of the training rows; `None` for pictures.
        shape, dtype: Of one input of the network.

    Raises:
        ValueError: If these are not the columns or pictures of `fit`.
    """
    if fitted is not None and not isinstance(x, np.ndarray):
        _same_kinds(x, fitted)
        return fitted(x)
    if fitted is not None or tuple(x.shape[1:]) != shape:
        raise ValueError(f"X has rows of shape {x.shape[1:]}; fit had others.")
    if str(x.dtype) != dtype:
        raise ValueError(f"The pictures of X are {x.dtype}, and were {dtype} in fit.")
    return np.asarray(x)


def _same_kinds(x: "pd.DataFrame", fitted: Columns) -> None:
    """Text where there were numbers would be read as a gap, and nobody would see it."""
    numeric = {column["name"] for column in fitted.numeric}
    for name in x.columns:
        is_number, was = x[name].dtype.kind in "biuf", name in numeric
        if is_number != was:
            kinds = {True: "numbers", False: "categories"}
            raise ValueError(
                f"Column {name!r} of X holds {kinds[is_number]}, and held {kinds[was]} in fit."
            )


def raw_outputs(model: "keras.Model", x: Array) -> Array:
    """The network's outputs in float64, `(rows, outputs)`.

    The rows go through it in batches of a few fixed sizes, the last one filled up: a row's outputs
    do not depend on how many others there are.
    """
    from keras import ops

    def outputs(part: Array) -> Array:
        found = model(ops.convert_to_tensor(filled(part)), training=False)
        return np.asarray(ops.convert_to_numpy(found), np.float64)[: len(part)]

    return np.concatenate([outputs(x[begin : begin + BATCH]) for begin in range(0, len(x), BATCH)])


def filled(part: Array) -> Array:
    """A batch with its last row repeated up to a power of two, from `LEAST` on."""
    size = max(LEAST, 1 << (len(part) - 1).bit_length())
    return np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])


def probabilities(logits: Array, task: str) -> Array:
    """`(rows, classes)` that sum to 1; of labels, each one's own.

    Args:
        logits: Of `raw_outputs`.
        task: Of the data: `"classification"`, `"binary"` or `"multilabel"`.
    """
    if task != "classification":
        chance = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
        return chance if task == "multilabel" else np.hstack([1 - chance, chance])
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Array = odds / odds.sum(axis=1, keepdims=True)
    return found


def owners(fitted: Columns) -> list[str]:
    """The column of the table that each input of the network comes from, in their order."""
    return [column for column, _ in fitted.features]
