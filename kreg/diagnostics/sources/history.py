"""A Keras `History`, or anything with a `.history` dict; a plain dict of lists."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources.build import from_columns, numeric


class HasHistory(Protocol):
    """What `model.fit` returns."""

    history: Mapping[str, Iterable[Any]]


def read(history: HasHistory | Mapping[str, Iterable[Any]]) -> Record:
    """The record of `model.fit(...)`'s return value.

    Lists of unequal length (`validation_freq > 1` leaves gaps) are spread evenly when the lengths
    divide, and otherwise aligned at the end.
    """
    columns = history if isinstance(history, Mapping) else history.history
    lists = {name: list(values) for name, values in columns.items()}
    length = max((len(values) for values in lists.values()), default=0)
    spread = {name: [numeric(v) for v in _spread(v, length)] for name, v in lists.items()}
    epochs = getattr(history, "epoch", None)
    first = int(epochs[0]) + 1 if epochs else 1
    return from_columns("history", list(range(first, first + length)), spread)


def _spread(values: list[Any], length: int) -> list[Any]:
    if not values or len(values) == length:
        return values or [None] * length
    step = length // len(values)
    spread = [None] * length
    for i, value in enumerate(values):
        spread[(i + 1) * step - 1 if step > 1 else length - len(values) + i] = value
    return spread
