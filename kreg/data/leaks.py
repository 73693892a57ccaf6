"""Why a validation score flatters: duplicate rows, a telling column, groups that are split."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kreg.data.dataset import CLASSES, Array, Data, Raw, Split, is_lazy, on_disk
from kreg.data.splits import Rows
from kreg.data.torn import Torn, torn

REVEALING = 0.99  # accuracy, or absolute correlation, that one column alone reaches
BINS = 64
SMALL = 20  # validation rows below which one column may be right by luck
PURITY = 0.98


def duplicates(data: Data) -> list[str]:
    """How many rows that do not train have the inputs of training rows, bit for bit.

    With one target they are memory: whoever has seen the training row knows it. Where training rows
    of the same inputs have other targets, the inputs do not say which, and nobody can know it.
    """
    keys, y = _keyed(data.train)
    found = []
    for name in (name for name in data.splits if name != "train"):
        theirs, truth = _keyed(data.splits[name])
        again = np.isin(theirs, keys)
        same = int(_agreeing(keys, y, theirs[again], truth[again]).sum()) if again.any() else 0
        rows = f"of {len(theirs)} {name} rows"
        rows += " of a sample" if len(theirs) < len(data.splits[name]) else ""
        found += _told(same, int(again.sum()) - same, rows, name)
    return found


def _told(same: int, other: int, rows: str, name: str) -> list[str]:
    """The sentences on rows with a known target, and on those with targets that differ."""
    told = []
    if same:
        told.append(
            f"{same} {rows} are also training rows: that share of the {name} score is memory."
        )
    if other:
        told.append(
            f"{other} {rows} have the inputs of training rows with other targets: nothing in the "
            "inputs says which, so this is noise that no model can learn."
        )
    return told


def _keyed(split: Split) -> tuple[Array, Array]:
    """A hash of each row's inputs, and its target; of many on the disk those of a sample."""
    if on_disk(split.x):
        places, hashes = split.x.hashed()
        return hashes, split.y[places]
    rows = split.x.contents() if is_lazy(split.x) else _bytes_of_rows(split.x)
    return np.fromiter(map(hash, rows), np.int64, len(split)), split.y


def _bytes_of_rows(x: Array) -> Iterator[bytes]:
    return (row.tobytes() for row in np.ascontiguousarray(x))


def _agreeing(keys: Array, y: Array, theirs: Array, truth: Array) -> NDArray[np.bool_]:
    """Whether all training rows with a row's inputs have its target.

    Args:
        keys, y: Of the training rows.
        theirs, truth: Of other rows, each with the key of a training row.

    >>> keys, y = np.array([1, 1, 2, 3, 3]), np.array([0, 0, 1, 0, 1])
    >>> _agreeing(keys, y, np.array([1, 1, 2, 3]), np.array([0, 1, 1, 0])).tolist()
    [True, False, True, False]
    """
    shared = np.isin(keys, theirs)
    keys, y = keys[shared], y[shared]
    both = np.concatenate([y, truth]).reshape(len(y) + len(truth), -1)
    codes = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
    ours, asked = codes[: len(y)], codes[len(y) :]
    names, member = np.unique(keys, return_inverse=True)
    least, most = np.full(len(names), len(codes)), np.full(len(names), -1)
    np.minimum.at(least, member, ours)
    np.maximum.at(most, member, ours)
    at = np.searchsorted(names, theirs)
    return np.asarray((least[at] == asked) & (most[at] == asked))


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
        return torn_by_time(raw, rows) if raw.time is not None else []
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


def torn_by_time(raw: Raw, rows: Rows) -> list[str]:
    """A sentence where rows are split by `data.time`, and groups of `data.group` with them."""
    others = np.concatenate([rows.validation, rows.test, rows.fold])
    found = torn(np.asarray(raw.group), {"train": rows.train, "others": others})
    if found is None:
        return []
    return [
        f"{found.number} of {found.of} groups of data.group have rows in train and in validation, "
        f"test or fold{_such_as(raw, found)}: data.time says where a row goes and keeps "
        "no group whole. Leave one of the two out."
    ]


def _such_as(raw: Raw, found: Torn) -> str:
    return "" if raw.group_hashed else f", such as {found.first!r}"


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
