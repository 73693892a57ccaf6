"""Rows: the fixed, un-augmented examples on which the clean curves are measured."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg import check
from kreg.measuring import class_weights, streams
from kreg.measuring.drawing import drawn, labels_of, positions, spread

Nest: TypeAlias = Any  # an array, or a nest of arrays
Batch: TypeAlias = tuple[Nest, Nest, Nest]  # x, y, sample weights or `None`
Source: TypeAlias = Any  # `(x, y)`, `(x, y, sample_weight)`, or an iterable of such batches
BATCH_BYTES = 8 * 2**20  # inputs of one evaluation batch: large enough to be fast, small to hold
KEPT = 2048  # examples whose single losses are kept: enough for a paired test
FEW = 16 * 2**20  # bytes of a side below which all rows are measured
MOST = 256 * 2**20  # bytes of a side that are held on the device
FEWEST = 16  # rows, whatever they weigh


@dataclass
class Rows:
    """Examples held in memory, leaves of shape (n, ...).

    Batches of several lengths, sentences that are padded batch by batch, are held as they came: a
    leaf is then an array of n arrays.

    Args:
        x: Array, or a nest of arrays.
        y: Array, or a nest of arrays.
        weight: Sample weights, or `None`.
        total: Rows of the whole set, or `None` for a stream of unknown length.
        index: Their positions in the whole set, shape (n,), or `None` where there are none.
        kept: Positions among these rows of the examples whose single losses are kept, or `None`
            for all of them.
        parts: How many parts an element of the data set has, 0 where it is no tuple; `None` as
            Keras packs `(x, y, weight)`.
        notes: Sentences about the rows.
    """

    x: Nest
    y: Nest
    weight: Nest = None
    total: int | None = None
    index: np.ndarray | None = None
    kept: np.ndarray | None = None
    parts: int | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(streams.first(self.x))

    def head(self, count: int) -> "Rows":
        """The first `count` rows."""
        return self._at(np.arange(min(count, len(self))))

    def spread(self, count: int) -> "Rows":
        """`count` rows, evenly spread: of all classes, also where the rows are sorted by class."""
        return self if count >= len(self) else self._at(spread(len(self), count))

    def examples(self) -> "Rows":
        """The rows whose single losses are kept."""
        return self if self.kept is None else self._at(self.kept)

    def _at(self, chosen: np.ndarray) -> "Rows":
        index = None if self.index is None else self.index[chosen].astype(int)
        x, y, weight = (_pick(part, chosen) for part in self._parts())
        return replace(self, x=x, y=y, weight=weight, index=index, kept=None)

    def batches(self) -> Iterator[Batch]:
        """`(x, y, weight)` of at most `BATCH_BYTES` of input, at most 1024 rows, of equal sizes."""
        row_bytes = sum(_row_bytes(leaf) for leaf in keras.tree.flatten(self.x))
        size = int(np.clip(BATCH_BYTES // max(row_bytes, 1), 16, 1024))
        for start, stop in self._runs():
            pieces = -(-(stop - start) // size)
            ends = start + (stop - start) * np.arange(pieces + 1) // pieces
            for low, high in zip(ends, ends[1:], strict=False):
                x, y, weight = (_dense(part, slice(low, high)) for part in self._parts())
                yield x, y, weight

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Stretches of rows of one shape."""
        uneven = [leaf for leaf in keras.tree.flatten(self._parts()) if _is_uneven(leaf)]
        shapes = [
            tuple(leaf[i].shape for leaf in uneven) for i in range(len(self) if uneven else 0)
        ]
        cuts = [i for i in range(1, len(shapes)) if shapes[i] != shapes[i - 1]]
        yield from zip([0, *cuts], [*cuts, len(self)], strict=True)

    @property
    def is_uneven(self) -> bool:
        """Whether rows have different shapes."""
        return any(map(_is_uneven, keras.tree.flatten(self._parts())))

    def bytes(self) -> int:
        """What the rows weigh."""
        leaves = [leaf for leaf in keras.tree.flatten(self._parts()) if leaf is not None]
        return len(self) * sum(_row_bytes(leaf) for leaf in leaves)

    def digest(self) -> str | None:
        """What names these rows, of all their numbers; `None` where they are more than numbers."""
        leaves = [x for x in keras.tree.flatten((*self._parts(), self.index)) if x is not None]
        if not all(isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub" for leaf in leaves):
            return None
        found = hashlib.blake2b(digest_size=16)
        for leaf in leaves:
            found.update(f"{leaf.dtype}{leaf.shape}".encode())
            found.update(leaf.tobytes())
        return found.hexdigest()

    def element(self, x: Nest, y: Nest, weight: Nest) -> Nest:
        """A batch as the data set yields it: what a model's own step is written for."""
        if self.parts is None:
            return keras.utils.pack_x_y_sample_weight(x, y, weight)
        return (x, y, weight)[: self.parts] if 0 < self.parts <= 3 else x

    def _parts(self) -> Batch:
        return self.x, self.y, self.weight


class NoRowsError(ValueError):
    """There is nothing to measure on."""


def take(
    name: str,
    data: Source,
    limit: int,
    *,
    seed: int = 0,
    class_weight: Mapping[int, float] | None = None,
    few: int = 0,
    most: float = np.inf,
    ceiling: int | None = None,
    by_class: bool = True,
) -> Rows:
    """Rows of `data`, the same ones in every epoch and after a resume.

    From arrays they are drawn by `seed`, every class in its share, and kept in their order; from
    anything that yields batches they are the first ones, or drawn from all where these are few.

    Args:
        name: The argument's name, for errors.
        data: `(x, y)` or `(x, y, sample_weight)` with arrays or nests of arrays, `(x, None)` for a
            model without targets; or an iterable of batches: a `tf.data.Dataset` (of any length), a
            `keras.utils.PyDataset`.
        limit: Whole number >= 1 of rows at most.
        seed: Whole number >= 0. Defaults to `0`.
        class_weight: Class id to weight, multiplied into the sample weights, or `None`.
        few: Bytes of data below which all rows are taken, whatever the limit; of a stream that is
            known to end, so many are read before rows are drawn. Defaults to `0`.
        most: Bytes of the rows at most; 16 rows are always taken. Defaults to no bound.
        ceiling: Rows at most, also of few bytes, or `None`.
        by_class: Whether rows are drawn by class. Defaults to `True`; 0.1 took those of arrays at
            random and the first ones of batches.

    Raises:
        NoRowsError: A `ValueError`, if there are none.
        ValueError: If leaves differ in length, or the data are neither arrays nor batches.

    >>> len(take("validation", (np.zeros((9, 2)), np.zeros(9)), 4))
    4
    """
    if isinstance(data, (tuple, list)):
        rows = _from_arrays(name, data)
    else:
        rows = _from_batches(name, data, limit, few, most)
    affordable = min(_affordable(rows, limit, few, most), ceiling or len(rows))
    rows = _fair(rows, affordable, seed, by_class)
    if class_weight is not None:
        rows.weight = class_weights.weights(rows.y, rows.weight, class_weight)
    return rows


def take_if_any(name: str, data: Source, limit: int, **how: Any) -> Rows | None:
    """What `take` returns, or `None` where there are no rows: no reason to stop a training."""
    try:
        return None if data is None else take(name, data, limit, **how)
    except NoRowsError:
        return None


def count(data: Source) -> int | None:
    """Rows of `(x, y)` or `(x, y, sample_weight)`; `None` for batches, whose number is not known.

    >>> count((np.zeros((9, 2)), np.zeros(9)))
    9
    """
    return len(keras.tree.flatten(data[0])[0]) if isinstance(data, (tuple, list)) else None


def _from_arrays(name: str, data: Source) -> Rows:
    """All rows, as they are: nothing is copied."""
    if len(data) not in (2, 3):
        raise check.invalid(name, "(x, y) or (x, y, sample_weight)", f"{len(data)} parts")
    to_array = lambda leaf: streams.as_array(name, leaf)  # noqa: E731
    x, y, weight = (keras.tree.map_structure(to_array, part) for part in (*data, None)[:3])
    lengths = {len(leaf) for leaf in keras.tree.flatten((x, y, weight)) if leaf is not None}
    if lengths == {0}:
        raise NoRowsError(str(check.invalid(name, "at least one row", "no rows")))
    if len(lengths) != 1:
        raise check.invalid(name, "arrays of one length", sorted(lengths))
    total = lengths.pop()
    return Rows(x, y, weight, total, positions(total))


def _from_batches(name: str, data: Source, limit: int, few: int, most: float) -> Rows:
    if isinstance(data, Mapping) or hasattr(data, "__array__") or not hasattr(data, "__iter__"):
        expected = "(x, y), (x, y, sample_weight), or batches"
        advice = "For a model without targets pass (x, None)."
        raise check.invalid(name, expected, type(data).__name__, advice)
    found = streams.read(name, data, limit, few, most)
    if not any(len(streams.first(batch)) for batch in found.batches):
        raise NoRowsError(str(check.invalid(name, "at least one batch with one row", "no rows")))
    x, y, weight = keras.tree.map_structure(_join, *found.batches)
    return Rows(x, y, weight, found.total, parts=found.parts, notes=found.notes)


def _affordable(rows: Rows, limit: int, few: int, most: float) -> int:
    """How many rows are measured: all where they are few bytes, else `limit` within `most`."""
    if rows.bytes() <= few:
        return len(rows)
    row_bytes = max(rows.bytes() // len(rows), 1)
    return int(min(len(rows), limit, max(most // row_bytes, FEWEST)))


def _fair(rows: Rows, count: int, seed: int, by_class: bool) -> Rows:
    """A sample of so many rows, and which of them are kept one by one."""
    if count < len(rows):
        labels = labels_of(rows.y) if by_class else None
        first = rows.index is None and not by_class
        rows = rows._at(np.arange(count) if first else drawn(labels, len(rows), count, seed))
    elif rows.index is not None:
        rows = rows._at(rows.index)
    if len(rows) > KEPT:
        rows.kept = drawn(labels_of(rows.y), len(rows), KEPT, seed)
    return rows


def _join(*leaves: np.ndarray | None) -> np.ndarray | None:
    """One array; an array of arrays where the batches differ in more than their length."""
    found = [leaf for leaf in leaves if leaf is not None]
    if not found:
        return None
    if len({leaf.shape[1:] for leaf in found}) == 1:
        return np.concatenate(found)
    rows = [row for leaf in found for row in leaf]
    joined = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        joined[i] = row
    return joined


def _is_uneven(leaf: Any) -> bool:
    kind = getattr(getattr(leaf, "dtype", None), "kind", "")
    return kind == "O" and len(leaf) > 0 and isinstance(leaf[0], np.ndarray)


def _row_bytes(leaf: Any) -> int:
    if _is_uneven(leaf):
        return int(max(row.nbytes for row in leaf))
    size = getattr(np.dtype(leaf.dtype), "itemsize", 8) if hasattr(leaf, "dtype") else 8
    return int(np.prod(leaf.shape[1:], dtype=int)) * size


def _dense(part: Nest, chosen: slice) -> Nest:
    """Rows of one shape as plain arrays."""
    picked = _pick(part, chosen)
    return keras.tree.map_structure(lambda a: np.stack(list(a)) if _is_uneven(a) else a, picked)


def _pick(part: Nest, chosen: slice | np.ndarray) -> Nest:
    return keras.tree.map_structure(lambda a: None if a is None else a[chosen], part)
