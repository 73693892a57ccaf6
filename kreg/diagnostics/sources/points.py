"""What a tracker keeps, points `(name, step, value)`, as a record: one row an evaluation.

Steps are what the training has made of them: epochs in one, batches in another. A row is a step at
which validation was measured; what was logged since the one before is averaged. The epochs are
those that were logged beside it, or steps that count up by one; else the rows are counted, and a
sentence says so.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources import events, lightning
from kreg.diagnostics.sources.build import from_columns
from kreg.diagnostics.sources.event_runs import Logged, Points, sentence
from kreg.diagnostics.sources.trainer_state import COUNTED, SPEED, whole_epochs

EPOCH = ("epoch", "epoch/epoch", "train/epoch", "trainer/epoch")  # in kreg, Keras, Hugging Face
KERAS = "epoch/"  # before the names of W&B's callback for Keras
NOISE = ("_", "batch/")  # W&B's own columns, and what is no mean over an epoch
OTHERS = 12  # trainings that are shown beside the one that is judged


def record_of(runs: Sequence[Logged], how: str) -> Record:
    """The record of the first training; the others are curves beside it.

    Args:
        runs: At least one, each with curves.
        how: The sentence that says how to have another one judged.
    """
    epochs, values, warning = by_evaluation(runs[0].points)
    record = from_columns(runs[0].name, epochs, values)
    if warning:
        record.warnings.append(warning)
    if len(runs) > 1:
        record.warnings.append(sentence(runs, how))
        shown = [(run.name, *by_evaluation(run.points)[:2]) for run in runs[1 : OTHERS + 1]]
        record.inputs["other_runs"] = [events.other(*run) for run in shown]
    return record


def by_evaluation(points: Points) -> tuple[list[int], events.Curves, str]:
    """`(epochs from 1, one value an epoch, warning)`."""
    curves = named(points)
    validated = {s for name, curve in curves.items() if name.startswith("val_") for s in curve}
    trained = curves.get("loss") or {s: 0.0 for curve in curves.values() for s in curve}
    steps = sorted(validated or trained)
    told = next((points[name] for name in EPOCH if name in points), {})
    epochs = epochs_of(steps, told)
    warning = "" if epochs else COUNTED.format(1, 1)
    values = {name: means(curve, steps) for name, curve in curves.items()}
    return epochs or list(range(1, len(steps) + 1)), values, warning


def named(points: Points) -> Points:
    """The curves in kreg's names; of two with the same one the mean over epochs, else the longer.

    >>> named({"epoch/val_loss": {0: 2.0}, "eval/acc": {0: 0.5}, "system/cpu": {0: 9.0}})
    {'val_loss': {0: 2.0}, 'val_accuracy': {0: 0.5}}
    """
    by_rank = sorted(
        points.items(), key=lambda item: (item[0].endswith(lightning.EACH), len(item[1]))
    )
    found = {curve_name(name): curve for name, curve in by_rank if is_curve(name)}
    return {name: curve for name, curve in found.items() if "/" not in name}


def curve_name(name: str) -> str:
    return lightning.name_of(name.removeprefix(KERAS))


def is_curve(name: str) -> bool:
    """Whether a name may be that of a loss or a metric."""
    counts = name in (*EPOCH, *lightning.OWN)
    return not (counts or name.startswith(NOISE) or any(word in name for word in SPEED))


def epochs_of(steps: Sequence[int], told: dict[int, float]) -> list[int] | None:
    """The epochs of some steps, from 1; `None` where nothing says them."""
    numbers = [told.get(step) for step in steps]
    if None in numbers and all(b - a == 1 for a, b in pairwise(steps)):
        numbers = [float(step) for step in steps]
    shift = 1 if numbers and numbers[0] == 0 else 0
    return whole_epochs([None if number is None else number + shift for number in numbers])


def means(curve: dict[int, float], steps: Sequence[int]) -> list[float | None]:
    """The mean of what was logged since the step before, one an evaluation."""
    cells: list[list[float | None]] = [[] for _ in steps]
    for step in sorted(curve):
        place = bisect_left(steps, step)
        if place < len(steps):
            cells[place].append(curve[step])
    return [lightning.mean(cell) for cell in cells]
