"""A table's preprocessing as stock Keras layers: numbers and words are read inside the graph."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import dates

if TYPE_CHECKING:
    import keras

MISSING = "missing"  # the word of a cell that is empty, see `kreg.data.preprocessing`
Column = dict[str, Any]


def names(columns: Sequence[Column]) -> list[str]:
    """Names of inputs for columns: letters, digits and `_` alone, each another one.

    >>> names([{"name": "zip code"}, {"name": "zip_code"}, {"name": "2nd"}])
    ['zip_code', 'zip_code_2', '_2nd']
    """
    found: list[str] = []
    for column in columns:
        base = re.sub(r"\W", "_", column["name"], flags=re.ASCII)
        base = f"_{base}" if base[:1].isdigit() or not base.strip("_") else base
        name, number = base, 2
        while name.casefold() in map(str.casefold, found):
            name, number = f"{base}_{number}", number + 1
        found.append(name)
    return found


def numeric(x: Any, columns: Sequence[Column], dtype: str) -> "list[keras.KerasTensor]":
    """Numbers filled and standardised, which were missing, and what repeats in dates, as float32.

    Args:
        x: `(rows, columns)`, NaN where a value is missing.
        columns: As `kreg.data.preprocessing.Columns` keeps them.
        dtype: Of `x`.
    """
    from keras import layers, ops

    gaps = ops.isnan(x)
    filled = ops.where(gaps, np.array(of(columns, "median"), dtype), x)
    parts = [standard(filled, of(columns, "mean"), of(columns, "scale"), dtype)]
    marked = [place for place, column in enumerate(columns) if column["indicator"]]
    if marked:
        choose = np.eye(len(columns), dtype=np.float32)[:, marked]
        parts.append(fixed(layers.Identity(dtype="float32")(ops.cast(gaps, "float32")), choose))
    for place, column in enumerate(columns):
        if dates.names(column):
            parts.append(repeating(x[:, place : place + 1], column, dtype))
    return parts


def repeating(days: Any, column: Column, dtype: str) -> "keras.KerasTensor":
    """The season, the hour and the weekday of a date, as `kreg.data.dates` has them.

    Args:
        days: `(rows, 1)` since 1970, NaN where a date is missing.
        column: As `kreg.data.preprocessing.Columns` keeps it.
        dtype: Of `days`.
    """
    from keras import layers, ops

    gaps = ops.isnan(days)
    filled = ops.where(gaps, np.zeros(1, dtype), days)
    parts = []
    for circle in column["circles"]:
        length = np.array(dates.CIRCLES[circle], dtype)
        angle = layers.Rescaling(2 * np.pi / dates.CIRCLES[circle], dtype=dtype)(
            ops.mod(filled, length)
        )
        parts += [ops.sin(angle), ops.cos(angle)]
    place = ops.mod(ops.floor(filled) + float(dates.FIRST), float(len(dates.WEEK)))
    parts += [ops.equal(place, float(day)) for day in column["weekdays"]]
    single = [layers.Identity(dtype="float32")(ops.cast(part, "float32")) for part in parts]
    known = layers.Identity(dtype="float32")(ops.cast(ops.logical_not(gaps), "float32"))
    return layers.Multiply(dtype="float32")([ops.concatenate(single, axis=-1), known])


def standard(x: Any, mean: Sequence[float], scale: Sequence[float], dtype: str) -> Any:
    """`(x - mean) / scale` in `dtype`, then as float32.

    Two `Rescaling` layers: the constants of a `Normalization` are lost on the way to ONNX.
    """
    from keras import layers

    centred = layers.Rescaling(1.0, [-value for value in mean], dtype=dtype)(x)
    scaled = layers.Rescaling([1 / value for value in scale], dtype=dtype)(centred)
    return layers.Identity(dtype="float32")(scaled)


def of(columns: Sequence[Column], key: str) -> list[float]:
    return [float(column[key]) for column in columns]


def fixed(x: Any, matrix: NDArray[np.float32]) -> Any:
    """`x` times a matrix that no training changes."""
    from keras import layers

    layer = layers.Dense(matrix.shape[1], use_bias=False, trainable=False, dtype="float32")
    found = layer(x)
    layer.set_weights([matrix])
    return found


def categorical(x: Any, column: Column) -> Any:
    """The 0/1 columns of one column of words.

    Args:
        x: `(rows, 1)` of strings, `""` where a cell is empty.
        column: As `kreg.data.preprocessing.Columns` keeps it.
    """
    from keras import layers

    words, matrix = table(column)
    unknown = "unknown"
    while unknown in words:  # no word of the user's
        unknown += "_"
    lookup = layers.StringLookup(
        vocabulary=words, num_oov_indices=1, mask_token=None, oov_token=unknown,
        output_mode="one_hot",
    )  # fmt: skip
    return fixed(lookup(x), matrix)


def table(column: Column) -> tuple[list[str], NDArray[np.float32]]:
    """The words that are looked up, and the 0/1 columns of each; the first row: of all others.

    An empty word means a missing cell, where it is no level itself.

    >>> words, matrix = table({"levels": ["a", "missing"], "other": True})
    >>> words, matrix.tolist()[0], matrix.tolist()[-1]
    (['a', 'missing', ''], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    """
    levels = list(column["levels"])
    words = levels if "" in levels else [*levels, ""]
    width = len(levels) + column["other"]
    rows = np.eye(len(levels) + 1, dtype=np.float32)[:, :width]  # the last one: of all others
    other = len(levels)
    places = [levels.index(word) if word in levels else other for word in words]
    if "" not in levels and MISSING in levels:
        places[-1] = levels.index(MISSING)
    return words, rows[[other, *places]]
