"""TensorBoard event files, read without TensorFlow: the record format is eight lines long."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources.build import from_columns
from kreg.files import AnyPath

PATTERN = "*tfevents*"
TAGS = {
    "overfit/clean_loss": "clean_loss",
    "overfit/val_clean_loss": "val_clean_loss",
    "penalty/total": "penalty",
}


def read(folder: AnyPath) -> Record:
    """The record of a log directory, with Keras's own tags (`epoch_loss`) or kreg's.

    Raises:
        ValueError: If there are no per-epoch scalars.
    """
    folder = Path(folder)
    points: dict[str, dict[int, float]] = {}
    for path in sorted(folder.rglob(PATTERN)):
        side = "val_" if path.parent.name in ("validation", "val", "eval") else ""
        for tag, step, value in scalars(path):
            name = curve_name(tag, side)
            if name:
                points.setdefault(name, {})[step] = value
    if not points:
        raise ValueError(
            f"{folder} has no per-epoch scalars. Expected the tags of Keras's TensorBoard callback "
            "(epoch_loss) or of kreg (overfit/clean_loss)."
        )
    steps = sorted({step for curve in points.values() for step in curve})
    shift = 1 if steps[0] == 0 else 0
    columns = {name: [curve.get(step) for step in steps] for name, curve in points.items()}
    return from_columns(folder.name, [step + shift for step in steps], columns)


def curve_name(tag: str, side: str) -> str | None:
    """The record's name for a tag; `None` for one that is not per epoch.

    >>> curve_name("epoch_loss", "val_"), curve_name("overfit/clean_loss", ""), curve_name("w", "")
    ('val_loss', 'clean_loss', None)
    """
    if tag in TAGS:
        return TAGS[tag]
    found = re.fullmatch(r"epoch_(\w+)", tag)
    return f"{side}{found[1]}" if found else None


def scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    """`(tag, step, value)` of each scalar in one event file."""
    from tensorboard.compat.proto import event_pb2

    for data in records(path):
        event = event_pb2.Event.FromString(data)
        for value in event.summary.value:
            number = scalar(value)
            if number is not None:
                yield value.tag, int(event.step), number


def records(path: Path) -> Iterator[bytes]:
    """The records of a file; a last one that is still being written ends it."""
    with path.open("rb") as file:
        while len(head := file.read(12)) == 12:
            length = struct.unpack("<Q", head[:8])[0]
            data, check = file.read(length), file.read(4)
            if len(data) < length or len(check) < 4:
                return
            yield data


def scalar(value: Any) -> float | None:
    """The number of a summary value, in the old or the new form."""
    from tensorboard.util import tensor_util

    if value.WhichOneof("value") == "simple_value":
        return float(value.simple_value)
    if value.WhichOneof("value") != "tensor" or value.tensor.tensor_shape.dim:
        return None
    array = tensor_util.make_ndarray(value.tensor)
    return float(array) if array.dtype.kind in "fiu" else None
