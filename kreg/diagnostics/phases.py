"""The phases of a training: before layers are thawed another model is trained than afterwards.

The losses jump at the thaw, and what was best before belongs to other weights. So the verdict, and
what is advised, are about the last phase; the words of earlier ones stand in the timeline.
"""

from dataclasses import replace

from kreg.diagnostics.record import Record

THAW = "thaw"  # an event: from its epoch on more layers are trained
JUDGED = "From epoch {} on all layers are trained: the verdict is about these epochs."


def phases(record: Record) -> list[Record]:
    """The record cut at each thaw, at least one; epochs keep their numbers.

    >>> record = Record(events=[{"epoch": 2, "kind": "thaw", "text": ""}])
    >>> for epoch in (1, 2, 3):
    ...     record.append(epoch, {"val_loss": 1.0})
    >>> [phase.epochs for phase in phases(record)]
    [[1], [2, 3]]
    """
    thaws = {event.get("epoch") for event in record.events if event.get("kind") == THAW}
    starts = [i for i, epoch in enumerate(record.epochs) if i and epoch in thaws]
    ends = [*starts, len(record.epochs)]
    if not starts:
        return [record]
    return [cut(record, start, end) for start, end in zip([0, *starts], ends, strict=True)]


def last(record: Record) -> Record:
    """The last phase."""
    return phases(record)[-1]


def cut(record: Record, start: int, end: int) -> Record:
    """The record with the epochs from one position up to another."""
    here = slice(start, end)
    return replace(
        record,
        epochs=record.epochs[here],
        curves={name: curve[here] for name, curve in record.curves.items()},
        examples=record.examples[here],
        correct=record.correct[here],
    )


def caveat(record: Record) -> list[str]:
    """What is said where not all epochs are judged."""
    judged = last(record).epochs
    return [JUDGED.format(judged[0])] if judged != record.epochs else []
