"""A TensorBoard directory as a record: the scalars that are logged once an epoch."""

import re
from collections.abc import Iterator
from pathlib import Path

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources.build import from_columns
from kreg.files import AnyPath
from kreg.foreign import event_file

PATTERN = "*tfevents*"
SHOWN = 3  # sentences about what was skipped
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
    skipped: list[str] = []
    for path in sorted(folder.rglob(PATTERN)):
        side = "val_" if path.parent.name in ("validation", "val", "eval") else ""
        for tag, step, value in _scalars(path, skipped):
            name = curve_name(tag, side)
            if name:
                points.setdefault(name, {})[step] = value
    if not points:
        raise ValueError(
            f"{folder} has no per-epoch scalars. Expected the tags of Keras's TensorBoard callback "
            "(epoch_loss) or of kreg (overfit/clean_loss)."
            + "".join(f" {sentence}" for sentence in skipped[:SHOWN])
        )
    steps = sorted({step for curve in points.values() for step in curve})
    shift = 1 if steps[0] == 0 else 0
    columns = {name: [curve.get(step) for step in steps] for name, curve in points.items()}
    record = from_columns(folder.name, [step + shift for step in steps], columns)
    record.warnings += skipped[:SHOWN]
    return record


def _scalars(path: Path, skipped: list[str]) -> Iterator[tuple[str, int, float]]:
    """Those of one file; one that cannot be opened is skipped like a damaged one."""
    try:
        yield from event_file.scalars(path, skipped.append)
    except OSError as error:
        skipped.append(f"{path} cannot be read ({error.strerror or error}).")


def curve_name(tag: str, side: str) -> str | None:
    """The record's name for a tag; `None` for one that is not per epoch.

    >>> curve_name("epoch_loss", "val_"), curve_name("overfit/clean_loss", ""), curve_name("w", "")
    ('val_loss', 'clean_loss', None)
    """
    if tag in TAGS:
        return TAGS[tag]
    found = re.fullmatch(r"epoch_(\w+)", tag)
    return f"{side}{found[1]}" if found else None
