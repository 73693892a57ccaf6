"""A table's preprocessing as stock Keras layers: numbers and words are read inside the graph."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kreg.data import cells, dates

if TYPE_CHECKING:
    import keras

    from kreg.prediction.kept import Kept

MISSING = "missing"  # the word of a cell that is empty, see `kreg.data.preprocessing`
COARSE = 0.01  # of a standard deviation
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


def timed(columns: Sequence[Column]) -> list[int]:
    """The places of dates with a time of the day: a float32 knows one of today to two minutes.

    >>> date = {"notation": "ISO8601", "low": 19000.0, "high": 20000.5}
    >>> timed([{"low": 1.5, "high": 2.5}, date, date | {"high": 20000.0}])
    [1]
    """
    found = [i for i, c in enumerate(columns) if cells.is_date(c.get("notation", cells.POINT))]
    return [i for i in found if has_time(columns[i])]


def has_time(column: Column) -> bool:
    ends = column.get("low", 0.0), column.get("high", 0.0)
    return dates.HOUR in column.get("circles", ()) or any(end % 1 for end in ends)


def refuse_coarse(columns: Sequence[Column]) -> None:
    """Refuse numbers that a float32 does not tell apart well enough: identifiers, seconds.

    Raises:
        ValueError: With their names.
    """
    known = [c for i, c in enumerate(columns) if i not in timed(columns)]
    varied = [c for c in known if c.get("low") != c.get("high")]
    coarse = [repr(c["name"]) for c in varied if step(c) > COARSE * c["scale"]]
    if coarse:
        raise ValueError(
            f"This format reads float32, in which the numbers of {', '.join(coarse)} lie further "
            f"apart than {COARSE:.0%} of their standard deviation. Export with --to keras or "
            "savedmodel, which read float64, or take a constant off before the training."
        )


def of_array(kept: "Kept") -> list[Column]:
    """The standardised columns of an array, as far as `refuse_coarse` asks; empty if it is none."""
    fitted = kept.data["preprocessing"] or {}
    if fitted.get("kind") != "standard" or "low" not in fitted:
        return []
    names = kept.features or [f"column {i}" for i, _ in enumerate(fitted["mean"])]
    keys = ("name", "scale", "low", "high")
    each = zip(names, *(fitted[key] for key in keys[1:]), strict=True)
    return [dict(zip(keys, values, strict=True)) for values in each]


def step(column: Column) -> float:
    """How far apart neighbouring numbers of type float32 are at the ends of a column."""
    ends = [column.get("low", 0.0), column.get("high", 0.0)]
    return float(np.spacing(np.abs(ends).max().astype(np.float32)))


def numeric(
    x: Any, columns: Sequence[Column], dtype: str, times: Any = None
) -> "list[keras.KerasTensor]":
    """Numbers standardised and filled, which were missing, and what repeats in dates, as float32.

    Args:
        x: `(rows, columns)`, NaN where a value is missing.
        columns: As `kreg.data.preprocessing.Columns` keeps them.
        dtype: Of `x`.
        times: `(rows, places)`: the shares of the day that have passed at the dates in `timed`,
            whose column in `x` is the whole days. `None`: that has both.
    """
    from keras import layers, ops

    gaps, means, scales = ops.isnan(x), of(columns, "mean"), of(columns, "scale")
    shares, shown = {}, []
    for i, place in enumerate([] if times is None else timed(columns)):
        days, rest = divmod(means[place], 1)
        means[place] = days
        share = times[:, i : i + 1]
        shares[place] = ops.where(ops.isnan(share), np.zeros(1, dtype), share)
        shown.append(standard(shares[place], [rest], [scales[place]], dtype))
    found = standard(x, means, scales, dtype)
    if shown:
        spread = np.eye(len(columns), dtype=np.float32)[list(shares)]
        found = layers.Add(dtype="float32")([found, fixed(ops.concatenate(shown, -1), spread)])
    # filled behind: a file keeps the constants of an operation as float32
    medians = (np.array(of(columns, "median")) - of(columns, "mean")) / of(columns, "scale")
    parts = [ops.where(gaps, medians.astype(np.float32), found)]
    marked = [place for place, column in enumerate(columns) if column["indicator"]]
    if marked:
        choose = np.eye(len(columns), dtype=np.float32)[:, marked]
        parts.append(fixed(layers.Identity(dtype="float32")(ops.cast(gaps, "float32")), choose))
    for place, column in enumerate(columns):
        if dates.names(column):
            days = x[:, place : place + 1]
            parts.append(repeating(days, column, dtype, shares.get(place)))
    return parts


def repeating(days: Any, column: Column, dtype: str, share: Any = None) -> "keras.KerasTensor":
    """The season, the hour and the weekday of a date, as `kreg.data.dates` has them.

    Args:
        days: `(rows, 1)` since 1970, NaN where a date is missing.
        column: As `kreg.data.preprocessing.Columns` keeps it.
        dtype: Of `days`.
        share: `(rows, 1)`: of the day, where `days` are whole.
    """
    from keras import layers, ops

    gaps = ops.isnan(days)
    filled = ops.where(gaps, np.zeros(1, dtype), days)
    parts = []
    for circle in column["circles"]:
        rounds = ops.mod(rescaled(filled, 1 / dates.CIRCLES[circle], 0.0, dtype), 1.0)
        if share is not None:
            rounds += rescaled(share, 1 / dates.CIRCLES[circle], 0.0, dtype)
        angle = rescaled(rounds, 2 * np.pi, 0.0, dtype)
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

    centred = rescaled(x, 1.0, -np.asarray(mean), dtype)
    scaled = rescaled(centred, 1 / np.asarray(scale), 0.0, dtype)
    return layers.Identity(dtype="float32")(scaled)


def rescaled(x: Any, scale: Any, offset: Any, dtype: str, name: str | None = None) -> Any:
    """`x * scale + offset` in `dtype`.

    Keras takes a Python number for a float32 on its way to float64, and an array without axes
    comes back from a file as such a number.
    """
    from keras import layers

    constants = (np.atleast_1d(np.asarray(value, dtype)) for value in (scale, offset))
    return layers.Rescaling(*constants, dtype=dtype, name=name)(x)


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
