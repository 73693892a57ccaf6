"""From the rows that a model reads back to the cells of the user's table."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.data.cells import POINT, day, is_date
from kreg.data.dates import MINUTE
from kreg.data.own_units import units
from kreg.data.preprocessing import MISSING, OTHER, Columns, Fitted

Array = NDArray[Any]
DIGITS = 6  # of a float32


def groups(fitted: Fitted | None, names: list[str], width: int) -> dict[str, Array]:
    """The places of each of the user's columns among those that the model reads.

    Args:
        fitted: What maps the rows of the source, or `None`.
        names: Of what the model reads; empty where it has none.
        width: How many columns the model reads.

    >>> columns = Columns([{"name": "age", "indicator": True}],
    ...                   [{"name": "job", "levels": ["cook", "nurse"], "other": False}])
    >>> {name: places.tolist() for name, places in groups(columns, [], 4).items()}
    {'age': [0, 1], 'job': [2, 3]}
    """
    if not isinstance(fitted, Columns):
        known = names if len(names) == width else [str(place) for place in range(width)]
        return {name: np.array([place]) for place, name in enumerate(known)}
    found: dict[str, list[int]] = {c["name"]: [] for c in (*fitted.numeric, *fitted.categorical)}
    for place, (column, _) in enumerate(fitted.features):
        found[column].append(place)
    return {name: np.array(places, int) for name, places in found.items()}


def cells(fitted: Fitted | None, names: list[str], row: Array) -> dict[str, float | str | None]:
    """One row in the user's own words and units, numbers with the six digits of a float32.

    A cell that was missing is `None`, a level without a column of its own
    `"other"`, a date its day.

    Args:
        fitted: As for `groups`.
        names: As for `groups`.
        row: As the model reads it, `(width,)`.
    """
    places = groups(fitted, names, len(row))
    if isinstance(fitted, Columns):
        numbers: dict[str, float | str | None] = {
            c["name"]: _number(row[places[c["name"]]], c) for c in fitted.numeric
        }
        levels = {c["name"]: _level(row[places[c["name"]]], c) for c in fitted.categorical}
        return numbers | levels
    mean, scale = units(fitted, len(row))
    return {
        name: _own(float(row[place]), float(mean[place]), float(scale[place]))
        for name, (place,) in places.items()
    }


def _number(values: Array, column: dict[str, Any]) -> float | str | None:
    """A gap is told by its indicator; a float32 knows a date to the minute."""
    if column["indicator"] and values[1]:
        return None
    if is_date(column.get("notation", POINT)):
        return day(float(values[0]) * column["scale"] + column["mean"] + MINUTE)
    return _own(float(values[0]), column["mean"], column["scale"])


def _level(values: Array, column: dict[str, Any]) -> str | None:
    if not len(values) or not values.any():
        return OTHER
    known = [*column["levels"], OTHER]
    level = str(known[int(values.argmax())])
    return None if level == MISSING else level


def _own(value: float, mean: float, scale: float) -> float:
    """`value * scale + mean`, as exactly as the float32 that the model reads can tell.

    >>> _own(np.float32(-100 / 3).item(), 100.0, 3.0), _own(0.1, 123456.789, 2.0)
    (0.0, 123457.0)
    """
    own = value * scale + mean
    largest = max(abs(own), abs(mean), abs(scale))
    return round(own, DIGITS - 1 - math.floor(math.log10(largest))) if largest else 0.0
