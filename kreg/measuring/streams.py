"""Rows of anything that yields batches: how many are read, and whether they are what they seem."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kreg import check
from kreg.measuring.drawing import class_ids

ENDLESS = (
    "`{}` repeats: {} of the {} rows that were read are different, and each of them counts once."
)
SORTED = (
    "The first {} rows of `{}` are sorted by class: they stand for the classes that come first, "
    "not for the data. Shuffle it once, with reshuffle_each_iteration=False, or pass arrays."
)
ONE_CLASS = (
    "The {} rows that were read of `{}` are all of class {}: they stand for this class only. "
    "Shuffle it once, with reshuffle_each_iteration=False, or pass arrays."
)
SHARE = 0.02  # of rows that come again: less is chance in coarse data
HALF = 0.5  # the same where a stream may end one day
FEWEST_RUNS = 8  # of a class in a shuffled order: below, an order tells nothing


@dataclass
class Read:
    """What was read of a stream: `(x, y, weight)` of each batch.

    Args:
        batches: The batches.
        parts: How many parts an element has; 0 where it is not a tuple.
        total: Rows of the whole stream, or `None` where it may go on.
        notes: Sentences about the stream.
    """

    batches: list[tuple[Any, Any, Any]] = field(default_factory=list)
    parts: int = 0
    total: int | None = None
    notes: tuple[str, ...] = ()


def is_iterator(data: Any) -> bool:
    """Whether what is read of it is gone."""
    return isinstance(data, Iterator)


def cardinality(data: Any) -> int | None:
    """Batches of the stream; -1 for an endless one; `None` where nobody knows."""
    if isinstance(data, keras.utils.PyDataset):
        return -1 if data.num_batches is None else int(data.num_batches)
    if callable(getattr(data, "cardinality", None)):
        found = int(data.cardinality())
        return None if found == -2 else found  # TensorFlow's "unknown"
    return len(data) if hasattr(data, "__len__") else None


def read(name: str, data: Any, limit: int, few: int, most: float) -> Read:
    """The first rows of a stream; all of them where they are few bytes and the end is known.

    Args:
        name: The argument's name, for sentences.
        data: A `tf.data.Dataset`, a `keras.utils.PyDataset`, or another iterable of batches.
        limit: Rows to read at least.
        few: Bytes to read at least, if the stream is known to end.
        most: Bytes after which nothing more is read.
    """
    known = cardinality(data)
    ends = known is not None and known >= 0 and not is_iterator(data)
    few = few if ends else 0
    found, rows, size = Read(), 0, 0
    for element in batches_of(data):
        found.parts = len(element) if isinstance(element, tuple | list) else 0
        parts = keras.tree.map_structure(lambda leaf: as_array(name, leaf), unpacked(element))
        found.batches.append(parts)
        rows += len(first(parts))
        size += sum(leaf.nbytes for leaf in keras.tree.flatten(parts) if leaf is not None)
        if (rows >= limit and size >= few) or size >= most:
            break
    else:
        found.total = rows
    if known == len(found.batches):  # the limit was reached with the last batch
        found.total = rows
    if ends or found.total is not None:
        return found
    return once(name, found, endless=known is not None or is_iterator(data))


def batches_of(data: Any) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset) and data.num_batches is not None:
        return (data[i] for i in range(data.num_batches))
    return iter(data)


def unpacked(element: Any) -> tuple[Any, Any, Any]:
    """`(x, y, weight)`; an element of another form is all x, for a step that knows what it is."""
    if isinstance(element, tuple | list) and len(element) > 3:
        return tuple(element), None, None
    x, y, weight = keras.utils.unpack_x_y_sample_weight(element)
    return x, y, weight


def first(parts: Any) -> np.ndarray:
    leaf: np.ndarray = next(leaf for leaf in keras.tree.flatten(parts) if leaf is not None)
    return leaf


def as_array(name: str, leaf: Any) -> Any:
    """A NumPy array; a lazy source (`shape` and indices, but no values at once) stays as it is.

    Raises:
        ValueError: For ragged tensors, of which a batch has no shape.
    """
    if hasattr(leaf, "row_splits") or hasattr(leaf, "row_lengths"):
        advice = "Pad them: `.to_tensor()`, or `padded_batch` with a mask."
        raise check.invalid(name, "dense batches", type(leaf).__name__, advice)
    if hasattr(leaf, "detach"):  # a tensor of PyTorch, on whatever device
        return keras.ops.convert_to_numpy(leaf)
    lazy = hasattr(leaf, "shape") and not hasattr(leaf, "__array__")
    return leaf if leaf is None or lazy else np.asarray(leaf)


# --- a stream that comes again --------------------------------------------------------------------


def once(name: str, found: Read, endless: bool) -> Read:
    """The different rows of a stream that repeats, else what was read.

    A set of 60 rows that is read 500 times over would pass for 500 independent ones.
    """
    keys = [key for batch in found.batches for key in row_keys(batch)]
    period = repeats_after(keys)
    chosen = np.arange(period) if period else first_times(keys)
    share = 1 - len(chosen) / max(len(keys), 1)
    if not period and share <= (SHARE if endless else HALF):
        return found
    found.total = period
    found.batches = picked(found.batches, chosen)
    found.notes += (ENDLESS.format(name, len(chosen), len(keys)),)
    return found


def row_keys(batch: Any) -> list[int]:
    """A number for each row that equal rows share."""
    leaves = [leaf for leaf in keras.tree.flatten(batch) if leaf is not None]
    count = len(leaves[0])
    if any(leaf.dtype.kind == "O" for leaf in leaves):
        return [hash(tuple(str(leaf[i]) for leaf in leaves)) for i in range(count)]
    return [hash(b"".join(leaf[i].tobytes() for leaf in leaves)) for i in range(count)]


def repeats_after(keys: list[int]) -> int | None:
    """The period of a sequence that comes again in the same order, or `None`.

    >>> repeats_after([*range(30)] * 2), repeats_after([*range(60)])
    (30, None)
    """
    values = np.array(keys)
    for period in np.flatnonzero(values == values[:1])[1:] if len(values) else ():
        again = len(values) - period
        if again >= FEWEST_RUNS and np.array_equal(values[period:], values[:again]):
            return int(period)
    return None


def first_times(keys: list[int]) -> np.ndarray:
    """Positions of the rows that were not there before."""
    return np.sort(np.unique(np.array(keys), return_index=True)[1])


def picked(batches: list[Any], chosen: np.ndarray) -> list[Any]:
    """Only these rows, counted over all batches."""
    found, start = [], 0
    for batch in batches:
        size = len(first(batch))
        rows = chosen[(chosen >= start) & (chosen < start + size)] - start
        if len(rows):
            found.append(
                keras.tree.map_structure(lambda a, at=rows: None if a is None else a[at], batch)
            )
        start += size
    return found


# --- a stream that is sorted ----------------------------------------------------------------------


def order(name: str, y: Any, total: int | None, other: Any = None) -> list[str]:
    """A sentence where the rows that were read are not a sample of the stream.

    Args:
        name: The argument's name.
        y: Their targets, in the order of the stream.
        total: Rows of the whole stream; `None` where only the first ones were read.
        other: The targets of the other side, or `None`.
    """
    labels = class_ids(y) if total is None else None
    if labels is None or len(labels) < FEWEST_RUNS:
        return []
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    if len(shares) == 1:
        beside = class_ids(other)
        alone = beside is not None and len(np.unique(beside)) > 1
        return [ONE_CLASS.format(len(labels), name, labels[0])] if alone else []
    expected = 1 + len(labels) * (1 - float(np.square(shares).sum()))
    runs = 1 + int((labels[1:] != labels[:-1]).sum())
    is_sorted = expected >= FEWEST_RUNS and runs < expected / 2
    return [SORTED.format(len(labels), name)] if is_sorted else []
