"""The events of a TensorBoard directory as trainings: which numbers belong to which."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kreg.diagnostics.record import Record
from kreg.diagnostics.record_schema import bounded
from kreg.diagnostics.sources.build import from_columns
from kreg.diagnostics.sources.event_runs import Logged, folder_of, joined, sentence
from kreg.foreign import event_file

Curves = dict[str, list[float | None]]
Naming = Callable[[str, str], str | None]  # (tag, "val_" or "") -> the curve, `None` for no curve
PATTERN = "*tfevents*"
TAGS = {
    "overfit/clean_loss": "clean_loss",
    "overfit/val_refined_loss": "val_refined_loss",
    "overfit/val_clean_loss": "val_clean_loss",
    "penalty/total": "penalty",
}
CURVES = ("val_clean_loss", "val_loss", "loss")  # what is shown of another training


def runs(folder: Path, naming: Naming, skipped: list[str]) -> list[Logged]:
    """The trainings below a folder that have curves, the last one first.

    Args:
        folder: A log directory.
        naming: Says which tags are curves.
        skipped: Gets a sentence for what cannot be read.
    """
    paths = sorted(folder.rglob(PATTERN), key=begun)
    files = [(path, logged(path, folder, naming, skipped)) for path in paths]
    return joined([(path, found) for path, found in files if found.points])


def record_of(folder: Path, found: list[Logged]) -> Record:
    """The record of the last training, whose curves have one value an epoch.

    The others are `other_runs` among its inputs, a curve each.
    """
    record = from_columns(folder.name, *columns(found[0]))
    if len(found) > 1:
        record.name = found[0].name
        record.warnings.append(sentence(found))
        record.inputs["other_runs"] = [other(run.name, *columns(run)) for run in found[1:]]
    return record


def begun(path: Path) -> tuple[str, str]:
    """By what the files of a folder are ordered: their names hold when they were begun."""
    found = re.search(r"tfevents\.(\d+)", path.name)
    return (found[1][:10].zfill(10) if found else "", path.name)


def logged(path: Path, folder: Path, naming: Naming, skipped: list[str]) -> Logged:
    """The curves of one file; what cannot be read becomes a sentence in `skipped`."""
    place = folder_of(path)
    below = place != folder and place.is_relative_to(folder)
    found = Logged(place.relative_to(folder).as_posix() if below else place.name)
    side = "val_" if path.parent.name in ("validation", "val", "eval") else ""
    for tag, step, value, when in _scalars(path, skipped):
        curve = naming(tag, side)
        if curve:
            found.points.setdefault(curve, {})[step] = bounded(value)
            found.ended = max(found.ended, when)
    return found


def _scalars(path: Path, skipped: list[str]) -> Iterator[event_file.Scalar]:
    """Those of one file; one that cannot be opened is skipped like a damaged one."""
    try:
        yield from event_file.scalars(path, skipped.append)
    except OSError as error:
        skipped.append(f"{path} cannot be read ({error.strerror or error}).")


def columns(run: Logged) -> tuple[list[int], Curves]:
    """Epochs from 1, and one value each, `None` where there is none."""
    steps = run.steps
    shift = 1 if steps[0] == 0 else 0
    values = {name: [curve.get(step) for step in steps] for name, curve in run.points.items()}
    return [step + shift for step in steps], values


def other(called: str, epochs: list[int], values: Curves) -> dict[str, Any]:
    """A training beside the one that is judged: its name, its epochs and its curve."""
    name = next((name for name in CURVES if name in values), next(iter(values)))
    return {"name": called, "epochs": epochs, "curve": name, "values": values[name]}


def curve_name(tag: str, side: str) -> str | None:
    """The record's name for a tag; `None` for one that is not per epoch.

    >>> curve_name("epoch_loss", "val_"), curve_name("overfit/clean_loss", ""), curve_name("w", "")
    ('val_loss', 'clean_loss', None)
    """
    if tag in TAGS:
        return TAGS[tag]
    found = re.fullmatch(r"epoch_(\w+)", tag)
    return f"{side}{found[1]}" if found else None
