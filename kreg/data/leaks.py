"""Why a validation score flatters: duplicate rows, a telling column, groups that are split."""

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

from kreg.data.dataset import CLASSES, Array, Data, Raw, Split, is_lazy
from kreg.data.splits import Rows

REVEALING = 0.99  # accuracy, or absolute correlation, that one column alone reaches
BINS = 64
SMALL = 20  # validation rows below which one column may be right by luck
PURITY = 0.98


def duplicates(data: Data) -> list[str]:
    """How many rows that do not train stand in the training split, inputs bit for bit equal."""
    known = np.sort(_row_keys(data.train))
    found = []
    for name in (name for name in data.splits if name != "train"):
        keys = _row_keys(data.splits[name])
        again = int(np.isin(keys, known).sum())
        if again:
            sample = " of a sample" if len(keys) < len(data.splits[name]) else ""
            found.append(
                f"{again} of {len(keys)} {name} rows{sample} are also training rows: "
                f"that share of the {name} score is memory."
            )
    return found


def _row_keys(split: Split) -> Array:
    """A hash of each row; of many on the disk those that such a sample has."""
    if is_lazy(split.x):
        found = split.x.contents()
        return found if isinstance(found, np.ndarray) else _hashes(found)
    return _hashes(row.tobytes() for row in np.ascontiguousarray(split.x))


def _hashes(rows: Iterable[Hashable]) -> Array:
    return np.fromiter(map(hash, rows), np.int64)


def revealing_columns(data: Data) -> list[str]:
    """Columns that alone predict the validation targets: usually the answer in another coat."""
    x, unseen = data.train.flat(), data.validation.flat()
    if len(unseen) < SMALL:
        return []
    score = _lookup_accuracy if data.task in CLASSES else _correlation
    scores = score(x, data.train.y, unseen, data.validation.y)
    the_target = "a target" if data.target_names else "the target"
    found = []
    for column in np.flatnonzero(scores >= REVEALING):
        name = data.feature_names[column] if data.feature_names else str(column)
        found.append(
            f"column {name!r} alone predicts {the_target} ({scores[column]:.3f} on validation): "
            "is it known before the answer is?"
        )
    return found


def _correlation(x: Array, y: Array, unseen: Array, truth: Array) -> NDArray[np.float64]:
    """The largest one of each column with any target."""
    left, right = unseen - unseen.mean(axis=0), truth - truth.mean(axis=0)
    scale = np.linalg.norm(right, axis=0)[:, None] * np.linalg.norm(left, axis=0)
    found = np.abs(right.T @ left) / np.where(scale > 0, scale, np.inf)
    return np.asarray(found.max(axis=0))


def _lookup_accuracy(x: Array, y: Array, unseen: Array, truth: Array) -> NDArray[np.float64]:
    """Validation accuracy of "most frequent class in this bin of the column", column by column.

    It must also beat the most frequent class by half of what that leaves to gain.
    """
    classes = int(max(y.max(), truth.max())) + 1
    base = np.bincount(truth, minlength=classes).max() / len(truth)
    scores = np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        edges = np.unique(np.quantile(x[:, column], np.linspace(0, 1, BINS + 1)[1:-1]))
        table = np.zeros((len(edges) + 1, classes))
        np.add.at(table, (np.searchsorted(edges, x[:, column]), y), 1)
        guess = table.argmax(axis=1)[np.searchsorted(edges, unseen[:, column])]
        scores[column] = (guess == truth).mean()
    return np.where(scores > (1 + base) / 2, scores, 0.0)


def straddling_groups(raw: Raw, rows: Rows) -> list[str]:
    """Columns whose values look like subjects (many, repeated, one label each) and are split."""
    if raw.group is not None:
        return []
    found = []
    for name, values in raw.suspects.items():
        members = np.unique(np.asarray(values).astype(str), return_inverse=True)[1]
        if not _looks_like_groups(members, raw):
            continue
        shared = np.intersect1d(members[rows.train], members[rows.validation])
        if len(shared):
            found.append(
                f"{len(shared)} groups of {name!r} have rows in train and in validation, so the "
                f"validation score flatters. Split by group: data.group={name}."
            )
    return found


def _looks_like_groups(members: Array, raw: Raw) -> bool:
    """At least ten values, two rows each on average, and nearly always one label a value."""
    counts = np.bincount(members)
    classes = max(len(raw.class_names), 2)
    if raw.task not in CLASSES or len(counts) < max(10, 2 * classes):
        return False
    repeated = counts[members] > 1
    if repeated.mean() < 0.5:
        return False
    table = np.zeros((len(counts), classes))
    np.add.at(table, (members, np.asarray(raw.y, int)), 1)
    pure = table.max(axis=1) / counts
    return float(pure[members][repeated].mean()) >= PURITY
