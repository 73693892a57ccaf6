"""Rows: the fixed, un-augmented examples on which the clean curves are measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from kreg import check

Nest: TypeAlias = Any  # an array, or a nest of arrays
Batch: TypeAlias = tuple[Nest, Nest, Nest]  # x, y, sample weights or `None`
Source: TypeAlias = Any  # `(x, y)`, `(x, y, sample_weight)`, or an iterable of such batches
BATCH_BYTES = 8 * 2**20  # inputs of one evaluation batch: large enough to be fast, small to hold


@dataclass
class Rows:
    """Examples held in memory, leaves of shape (n, ...).

    Args:
        x: Array, or a nest of arrays.
        y: Array, or a nest of arrays.
        weight: Sample weights, or `None`.
        total: Rows of the whole set, or `None` for a stream of unknown length.
        index: Their positions in the whole set, shape (n,), or `None` where there are none.
    """

    x: Nest
    y: Nest
    weight: Nest = None
    total: int | None = None
    index: np.ndarray | None = None

    def __len__(self) -> int:
        return len(keras.tree.flatten(self.x)[0])

    def head(self, count: int) -> "Rows":
        """The first `count` rows."""
        return self.pick(slice(count))

    def spread(self, count: int) -> "Rows":
        """`count` rows at even distances: the first ones may all be of one class."""
        every = count >= len(self)
        return self if every else self.pick(np.arange(count) * len(self) // count)

    def pick(self, which: Any) -> "Rows":
        """The rows at these places."""
        index = None if self.index is None else self.index[which]
        x, y, weight = (_pick(part, which) for part in self._parts())
        return Rows(x, y, weight, self.total, index)

    def batches(self) -> Iterator[Batch]:
        """`(x, y, weight)` slices of at most `BATCH_BYTES` of input, 16 to 1024 rows each."""
        row_bytes = sum(leaf[:1].nbytes for leaf in keras.tree.flatten(self.x))
        size = int(np.clip(BATCH_BYTES // max(row_bytes, 1), 16, 1024))
        for start in range(0, len(self), size):
            x, y, weight = (_pick(part, slice(start, start + size)) for part in self._parts())
            yield x, y, weight

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
) -> Rows:
    """At most `limit` rows of `data`, the same ones in every epoch and after a resume.

    From arrays the rows are drawn at random, by `seed`, and kept in their order; from anything that
    yields batches they are the first ones, so let it be un-augmented and mixed.

    Args:
        name: The argument's name, for errors.
        data: `(x, y)` or `(x, y, sample_weight)` with arrays or nests of arrays, or an iterable of
            such batches: a `tf.data.Dataset` (of any length), a `keras.utils.PyDataset`.
        limit: Whole number >= 1.
        seed: Whole number >= 0. Defaults to `0`.
        class_weight: Class id to weight, multiplied into the sample weights, or `None`.

    Raises:
        NoRowsError: A `ValueError`, if there are none.
        ValueError: If leaves differ in length.

    >>> len(take("validation", (np.zeros((9, 2)), np.zeros(9)), 4))
    4
    """
    arrays = isinstance(data, (tuple, list))
    rows = _from_arrays(name, data, limit, seed) if arrays else _from_batches(name, data, limit)
    if class_weight is not None:
        rows.weight = _class_weights(rows, class_weight)
    return rows


def take_if_any(
    name: str,
    data: Source,
    limit: int,
    *,
    seed: int = 0,
    class_weight: Mapping[int, float] | None = None,
) -> Rows | None:
    """What `take` returns, or `None` where there are no rows: no reason to stop a training."""
    try:
        if data is None:
            return None
        return take(name, data, limit, seed=seed, class_weight=class_weight)
    except NoRowsError:
        return None


def count(data: Source) -> int | None:
    """Rows of `(x, y)` or `(x, y, sample_weight)`; `None` for batches, whose number is not known.

    >>> count((np.zeros((9, 2)), np.zeros(9)))
    9
    """
    return len(keras.tree.flatten(data[0])[0]) if isinstance(data, (tuple, list)) else None


def _from_arrays(name: str, data: Source, limit: int, seed: int) -> Rows:
    if len(data) not in (2, 3):
        raise check.invalid(name, "(x, y) or (x, y, sample_weight)", f"{len(data)} parts")
    parts = [keras.tree.map_structure(_as_array, part) for part in (*data, None)[:3]]
    lengths = {len(leaf) for leaf in keras.tree.flatten(parts) if leaf is not None}
    if lengths == {0}:
        raise NoRowsError(str(check.invalid(name, "at least one row", "no rows")))
    if len(lengths) != 1:
        raise check.invalid(name, "arrays of one length", sorted(lengths))
    total = lengths.pop()
    chosen = np.arange(total)
    if total > limit:
        chosen = np.sort(np.random.default_rng(seed).permutation(total)[:limit])
    x, y, weight = (_pick(part, chosen) for part in parts)
    return Rows(x, y, weight, total, chosen)


def _from_batches(name: str, data: Source, limit: int) -> Rows:
    parts, count = [], 0
    for batch in _batches_of(data):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(batch)
        parts.append(keras.tree.map_structure(_as_array, (x, y, weight)))
        count += len(keras.tree.flatten(parts[-1][0])[0])
        if count >= limit:
            break
    if count == 0:
        raise NoRowsError(str(check.invalid(name, "at least one batch with one row", "no rows")))
    x, y, weight = keras.tree.map_structure(_join, *parts)
    return Rows(x, y, weight, None if count >= limit else count).head(limit)


def _batches_of(data: Source) -> Iterator[Nest]:
    if isinstance(data, keras.utils.PyDataset):
        return (data[i] for i in range(data.num_batches))
    return iter(data)


def _join(*leaves: np.ndarray | None) -> np.ndarray | None:
    found = [leaf for leaf in leaves if leaf is not None]
    return np.concatenate(found) if found else None


def _as_array(leaf: Any) -> Any:
    """A NumPy array; a lazy source (`shape` and indices, but no values at once) stays as it is."""
    lazy = hasattr(leaf, "shape") and not hasattr(leaf, "__array__")
    return leaf if leaf is None or lazy else np.asarray(leaf)


def _pick(part: Nest, chosen: slice | np.ndarray) -> Nest:
    return keras.tree.map_structure(lambda a: None if a is None else a[chosen], part)


def _class_weights(rows: Rows, class_weight: Mapping[int, float]) -> np.ndarray:
    """`w_i = sample_weight_i * class_weight[y_i]`, as Keras's `fit` computes it for one output."""
    if not isinstance(rows.y, np.ndarray):
        raise check.invalid("class_weight", "a model with one output", class_weight)
    one_hot = rows.y.ndim > 1 and rows.y.shape[-1] > 1
    labels = np.argmax(rows.y, axis=-1) if one_hot else rows.y.reshape(len(rows)).astype(int)
    weights = np.array([class_weight.get(int(label), 1.0) for label in labels], "float32")
    return weights if rows.weight is None else weights * rows.weight
