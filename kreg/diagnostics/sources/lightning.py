"""Lightning's `metrics.csv`: training and validation stand in rows of their own, steps in between.

`CSVLogger` writes one row each time that something is logged, with `epoch`, `step` and whatever was
logged then. An epoch is all rows of its number: what was logged several times in it (at steps) is
averaged, as Lightning itself averages what is logged `on_epoch`.
"""

import re
from collections.abc import Mapping, Sequence

from kreg.diagnostics.sources.build import numeric

OWN = ("epoch", "step")  # the columns by which it is known
EACH = "_epoch"  # of what was logged at steps as well, the mean over the epoch
STEPS = "_step"
SIDES = (re.compile(r"train(ing)?[_/]"), re.compile(r"(val(id|idation)?|eval)[_/]"))
SAME = {"acc": "accuracy"}

Columns = Mapping[str, Sequence[str]]


def is_lightning(header: Sequence[str]) -> bool:
    return set(OWN) <= set(header)


def merged(columns: Columns) -> tuple[list[int], dict[str, list[float | None]]]:
    """`(epochs from 1, {kreg's name: one value an epoch})`; rows without an epoch are left out.

    Args:
        columns: The cells of each column.
    """
    told = [numeric(cell) for cell in columns["epoch"]]
    numbers = sorted({int(epoch) for epoch in told if epoch is not None})
    rows = {n: [i for i, epoch in enumerate(told) if epoch == n] for n in numbers}
    found = {
        name: [mean([numeric(columns[column][i]) for i in rows[n]]) for n in numbers]
        for name, column in names(columns).items()
    }
    return [n + 1 for n in numbers], found


def names(columns: Columns) -> dict[str, str]:
    """kreg's name of a curve -> Lightning's column; the mean over an epoch before single steps."""
    found: dict[str, str] = {}
    kept = [c for c in columns if c not in OWN and not (c.endswith(STEPS) and twin(c) in columns)]
    for column in sorted(kept, key=lambda c: c.endswith(EACH)):
        found[name_of(column)] = column
    return found


def twin(column: str) -> str:
    return column.removesuffix(STEPS) + EACH


def name_of(column: str) -> str:
    """
    >>> [name_of(name) for name in ("train_loss_epoch", "val/acc", "valid_loss", "lr")]
    ['loss', 'val_accuracy', 'val_loss', 'lr']
    """
    bare = column.removesuffix(EACH).removesuffix(STEPS)
    train, validation = SIDES
    side, rest = "", bare
    if train.match(bare):
        rest = train.sub("", bare, count=1)
    elif validation.match(bare):
        side, rest = "val_", validation.sub("", bare, count=1)
    return side + SAME.get(rest, rest)


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there; `None` where nothing is."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
