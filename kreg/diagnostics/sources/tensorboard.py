"""A TensorBoard directory as a record, whoever wrote it.

Keras and kreg log once an epoch, under tags of their own. Lightning, Hugging Face's `Trainer` and
scripts with a `SummaryWriter` log at the steps of the training, as trackers do.
"""

import re
from pathlib import Path

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources import events, points
from kreg.files import AnyPath

SHOWN = 3  # sentences about what was skipped
TOLD = 12  # tags that are named
LOSSES = {"loss", "val_loss"}
BEHIND = re.compile(r"(\w+)/(train|val|valid|validation|eval)", re.I)  # `Loss/train`
EMPTY = "hp_metric"  # Lightning writes it at the first step: it is no curve


def read(folder: AnyPath) -> Record:
    """The record of the last training in a log directory; the others are curves beside it.

    Raises:
        ValueError: If no losses are there.
    """
    folder = Path(folder)
    skipped: list[str] = []
    found = events.runs(folder, events.curve_name, skipped)
    record = events.record_of(folder, found) if found else at_steps(folder, skipped)
    record.warnings += skipped[:SHOWN]
    return record


def at_steps(folder: Path, skipped: list[str]) -> Record:
    """The record of a training that somebody else's program has logged."""
    found = events.runs(folder, tag_at_steps, [])
    judged = [run for run in found if LOSSES & points.named(run.points).keys()]
    if not judged:
        tags = sorted({tag for run in found for tag in run.points})[:TOLD]
        raise ValueError(
            f"{folder} has no losses. Expected the tags of Keras's TensorBoard callback "
            "(epoch_loss), of kreg (overfit/clean_loss), or a loss of training or validation "
            f"(train_loss, val_loss, eval/loss, Loss/train). Its tags: {', '.join(tags) or 'none'}."
            + "".join(f" {told}" for told in skipped[:SHOWN])
        )
    return points.record_of(judged, "Name its folder to have it judged.")


def tag_at_steps(tag: str, side: str) -> str | None:
    """The name under which a tag is a point of a tracker's.

    >>> [tag_at_steps(*tag) for tag in (("Loss/val", ""), ("loss", "val_"), ("hp_metric", ""))]
    ['val_loss', 'val_loss', None]
    """
    if tag == EMPTY:
        return None
    behind = BEHIND.fullmatch(tag)
    if behind:
        before = "" if behind[2].lower() == "train" else "val_"
        return before + behind[1].lower()
    return tag if tag in points.EPOCH else side + tag
