"""Categories of many levels: their columns of 0 and 1 become a few learned numbers."""

from collections.abc import Sequence

import keras
from keras import ops

from kreg import check

MOST_ONE_HOT, LENGTH = 9, 8  # levels that keep a column each; what the others become
Places = Sequence[int]  # of the columns of one category


def large(categories: Sequence[Places], columns: int) -> list[list[int]]:
    """The categories of more than nine levels.

    Args:
        categories: The places of the columns of each category.
        columns: How many columns there are.

    Raises:
        ValueError: If a place is none, or belongs to two categories.

    >>> large([[1, 2], list(range(3, 13))], 13)
    [[3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]
    """
    found = [[check.integer("categories", place) for place in places] for places in categories]
    every = [place for places in found for place in places]
    if len(set(every)) < len(every) or not set(every) <= set(range(columns)):
        expected = f"places from 0 to {columns - 1}, each in one category"
        raise check.invalid("categories", expected, found)
    return [places for places in found if len(places) > MOST_ONE_HOT]


def embedded(
    x: keras.KerasTensor, places: Places, name: str, start: keras.initializers.Initializer
) -> keras.KerasTensor:
    """A learned vector for each level; zeros where a row has none.

    It is a matrix product with the columns of 0 and 1, so that a row of shares, as mixing makes
    them, has the mean of its levels' vectors.

    Args:
        x: The row, `(batch, columns)`.
        places: Of the category's columns.
        name: Of the layer.
        start: What the vectors are drawn from.
    """
    layer = keras.layers.Dense(LENGTH, use_bias=False, kernel_initializer=start, name=name)
    return layer(ops.take(x, list(places), axis=-1))
