"""What a `record.npz` is made of, for whoever reads one that somebody else has written."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NotRequired, TypedDict

import numpy as np

from kreg.foreign.content import DamagedError

LARGEST = 3.4028235e38  # of float32: squares and sums of what is below stay finite in float64
LAST = 10**9  # what is above it is no number of an epoch


class Rows(TypedDict):
    """One row of numbers an epoch, where there is one."""

    count: int
    there: list[int]
    values: np.ndarray | list[Any]


class Happened(TypedDict):
    """An event."""

    epoch: int
    kind: str
    text: str
    mean: NotRequired[list[int]]  # since 0.2


class Fields(TypedDict, total=False):
    """See `kreg.diagnostics.record.Record`; keys that a version did not know are missing."""

    name: str
    task: str | None
    loss: str | None
    epochs: list[int]
    curves: dict[str, list[float | None]]
    examples: Rows
    correct: Rows
    sizes: dict[str, int]
    baseline: dict[str, dict[str, float]]
    restart: dict[str, Any]
    layers: list[dict[str, Any]]
    calibration: dict[str, dict[str, np.ndarray]]
    inputs: dict[str, Any]
    events: list[Happened]
    settings: dict[str, Any]
    provenance: dict[str, Any]
    warnings: list[str]
    train_losses: np.ndarray | None


def bounded(value: float) -> float:
    """A loss as training in float32 would have it: what is beyond its numbers has overflown.

    >>> bounded(0.5), bounded(1e300), bounded(-1e300)
    (0.5, inf, -inf)
    """
    return math.copysign(math.inf, value) if abs(value) > LARGEST else float(value)


def refuse_uneven(fields: Mapping[str, Any]) -> None:
    """Refuse epochs that do not grow, and curves or rows that are not one an epoch.

    Raises:
        DamagedError: With what does not fit.
    """
    epochs = fields.get("epochs", [])
    if any(not 0 < e < LAST for e in epochs) or any(a >= b for a, b in pairwise(epochs)):
        raise DamagedError("its epochs are no growing numbers from 1")
    for name, curve in fields.get("curves", {}).items():
        if len(curve) != len(epochs):
            raise DamagedError(f"{name} has {len(curve)} values for {len(epochs)} epochs")
    for name in ("examples", "correct"):
        if name in fields:
            _refuse_rows(name, fields[name], len(epochs))


def _refuse_rows(name: str, rows: Rows, epochs: int) -> None:
    places, values = rows["there"], np.asarray(rows["values"])
    good = rows["count"] == epochs and len(places) == len(values)
    good = good and all(0 <= place < epochs for place in places)
    if not good or (places and (values.ndim != 2 or values.dtype.kind not in "biuf")):
        raise DamagedError(f"{name} are not one row of numbers an epoch")
