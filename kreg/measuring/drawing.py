"""Which rows are measured: a fair sample, the same in every epoch and after a resume."""

from typing import Any

import keras
import numpy as np

AT_ONCE = 2**20  # rows that are sorted by their labels


def drawn(labels: np.ndarray | None, total: int, count: int, seed: int) -> np.ndarray:
    """`count` of `total` positions, in their order, with every class in its share.

    A systematic sample: the rows in the order of their labels, chance deciding within a label, and
    every `total / count`-th of them. Each row has the same chance, and the number of rows of a
    class is off its share by less than one. Source: Madow and Madow 1944.

    Args:
        labels: Array of shape (total,), or `None` for a plain random sample.
        total: Whole number >= `count`.
        count: Whole number >= 1.
        seed: Whole number >= 0.

    >>> labels = np.repeat([0, 1, 2], [60, 30, 10])
    >>> np.bincount(labels[drawn(labels, 100, 10, seed=0)]).tolist()
    [6, 3, 1]
    """
    rng = np.random.default_rng(seed)
    order = positions(total)
    rng.shuffle(order)
    if labels is None:
        return np.sort(order[:count]).astype(int)
    steps = (np.arange(count) + rng.random()) * (total / count)
    wanted = np.minimum(steps.astype(int), total - 1)
    return np.sort(order[_by_label(labels, order, wanted)]).astype(int)


def _by_label(labels: np.ndarray, order: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`np.argsort(labels[order], kind="stable")[wanted]` in little memory: there may be many rows.

    >>> labels, order = np.array([1, 0, 1, 0, 1]), np.array([4, 3, 2, 1, 0])
    >>> _by_label(labels, order, np.array([0, 2, 4]))
    array([1, 0, 4])
    """
    names = different(labels)
    counts = np.zeros(len(names), int)
    for part in _parts(labels):
        counts += np.bincount(np.searchsorted(names, part), minlength=len(names))
    label = np.searchsorted(np.cumsum(counts), wanted, side="right")  # of each place
    rank = wanted - (np.cumsum(counts) - counts)[label]  # among those of its label
    found, seen = np.empty(len(wanted), int), np.zeros(len(names), int)
    for begin, part in zip(range(0, len(order), AT_ONCE), _parts(order), strict=True):
        codes = np.searchsorted(names, labels[part])
        here, sizes = np.argsort(codes, kind="stable"), np.bincount(codes, minlength=len(names))
        place = rank - seen[label]
        inside = (place >= 0) & (place < sizes[label])
        firsts = (np.cumsum(sizes) - sizes)[label]
        found[inside] = begin + here[(firsts + place)[inside]]
        seen += sizes
    return found


def positions(total: int) -> np.ndarray:
    """Those of so many rows, in the smallest type that they fit into.

    >>> positions(3)
    array([0, 1, 2], dtype=uint32)
    """
    return np.arange(total, dtype=np.uint32 if total < 2**32 else np.int64)


def different(labels: np.ndarray) -> np.ndarray:
    """What `np.unique` finds; of many labels in little memory, if few of them differ.

    >>> different(np.array([2, 0, 2]))
    array([0, 2])
    """
    found = [np.unique(part) for part in _parts(labels)]
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[begin : begin + AT_ONCE] for begin in range(0, max(len(rows), 1), AT_ONCE)]


def spread(total: int, count: int) -> np.ndarray:
    """`count` positions of `total`, evenly spread.

    >>> spread(10, 4).tolist()
    [0, 2, 5, 7]
    """
    return np.arange(count) * total // count


def labels_of(y: Any) -> np.ndarray | None:
    """What rows are sorted by: one label a row, of the first target that has such.

    Numbers that hardly come twice are no labels.

    >>> labels_of({"mask": np.zeros((4, 8, 8)), "kind": np.eye(2)[[0, 1, 1, 0]]})
    array([0, 1, 1, 0])
    """
    found = (_one_a_row(leaf) for leaf in keras.tree.flatten(y))
    labels = [one for one in found if one is not None and len(different(one)) <= len(one) // 2]
    return labels[0] if labels else None


def class_ids(y: Any) -> np.ndarray | None:
    """Class ids of shape (n,) of one output whose targets are one id a row, however it is written.

    `None` for sequences, masks, several labels a row and numbers that are no ids.

    >>> class_ids(np.array([[0.1, 0.9], [1.0, 0.0]])), class_ids(np.zeros((2, 5), int))
    (array([1, 0]), None)
    """
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "fiub":
        return None
    labels = _one_a_row(y)
    if labels is None or labels.dtype.kind == "f" and not (labels == np.floor(labels)).all():
        return None
    return labels.astype(int)


def _one_a_row(y: Any) -> np.ndarray | None:
    if not isinstance(y, np.ndarray) or not len(y):
        return None
    if y.size == len(y):
        labels = y.reshape(len(y))
        return None if labels.dtype.kind == "O" and not _sortable(labels) else labels
    return np.asarray(y.argmax(axis=-1)) if is_one_hot(y) else None


def is_one_hot(y: np.ndarray) -> bool:
    """Whether the rows are shares of classes: of shape (n, k), not negative, with the sum 1."""
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "fiub":
        return False
    return bool((y >= 0).all() and np.allclose(y.sum(axis=1), 1.0, atol=1e-3))


def _sortable(labels: np.ndarray) -> bool:
    return len({type(label) for label in labels}) == 1 and isinstance(labels[0], str | bytes)
