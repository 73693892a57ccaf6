"""The rows of a source as they are read (`Raw`), and split and ready for training (`Data`)."""

import dataclasses
import math
import zlib
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg.data.preprocessing import Fitted

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs

    from kreg.data.disk.roles import Dealing

TASKS = ("classification", "binary", "multilabel", "regression")
SAMPLE = 100_000  # rows of a split on the disk that checks look at and scores are measured on
SAMPLE_BYTES = 2**28  # that these have at most
CLASSES = TASKS[:2]  # where each row is of one class
Array = NDArray[Any]


class LazyRows(Protocol):
    """Rows that are decoded on demand: `ImageFiles`, and the rows of `kreg.data.disk`."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Array:
        """These rows as an array."""

    def take(self, rows: Any, /) -> "LazyRows":
        """These rows, still to be decoded."""

    def load(self, index: Any, /) -> Any:
        """These rows as a tensor, inside of `tf.data`."""

    def signature(self) -> bytes:
        """Another one where any row is another."""

    def contents(self) -> Iterable[Hashable]:
        """Something for each row that is equal where rows are equal."""


class DiskRows(LazyRows, Protocol):
    """Rows that lie on the disk, of which no caller ever holds all; `index` are their numbers.

    Neighbours are read together: an epoch shuffles blocks of `block` rows, and the rows of a
    `window` of such blocks.
    """

    block: int
    window: int
    index: NDArray[np.uint32]

    def prepared(self, fitted: Fitted | None) -> "DiskRows":
        """The same rows, as this preprocessing makes them."""

    def load_blocks(self, index: Any, /) -> Any:
        """As `load`, for one who takes all rows of a window, batch after batch."""

    def hashed(self) -> tuple[NDArray[np.integer[Any]], NDArray[np.uint64]]:
        """The places of rows, and a hash of each: all rows, or of many a sample by content."""


Inputs = Array | LazyRows


@dataclasses.dataclass
class Raw:
    """Rows in the order of their source.

    Args:
        x: Array `(rows, ...)`, a lazy image source, or a pandas frame that `preprocess` can fit.
        y: Class ids `(rows,)`, float targets `(rows,)` or `(rows, targets)`, or labels of 0 and 1,
            `(rows, labels)`.
        task: One of `TASKS`.
        target_names: Of several targets, or of the labels.
        test: The source's own test rows, `(x, y)`, or `None`.
        validation: Whether a row is the source's own validation row, `(rows,)`, or `None`.
        group: One label a row; rows of one group never straddle two splits. Or `None`.
        group_hashed: Whether these are hashes, of which nobody knows the labels.
        time: One sortable value a row; the future never trains the past. Or `None`.
        dealing: What decides on the split of each row by itself, in place of shares that are met
            exactly; of rows on the disk. Or `None`.
        preprocess: Called with the training rows of `x`; returns a fitted object that maps rows to
            float32 arrays and names them. `None` leaves `x` as it is.
        suspects: Columns that may be groups: `{name: values}`. Rows that share a value and
            straddle two splits are worth a warning.
        reading: How the source has read its rows, as plain JSON values, so that a finished run
            reads new rows alike; see `kreg.data.new_rows`.
    """

    name: str
    x: "Inputs | pd.DataFrame"
    y: Array
    task: str
    class_names: list[str] = dataclasses.field(default_factory=list)
    target_names: list[str] = dataclasses.field(default_factory=list)
    feature_names: list[str] = dataclasses.field(default_factory=list)
    is_image: bool = False
    test: "tuple[Inputs | pd.DataFrame, Array] | None" = None
    validation: NDArray[np.bool_] | None = None
    weight: Array | None = None
    group: Array | None = None
    group_hashed: bool = False
    time: Array | None = None
    dealing: "Dealing | None" = None
    preprocess: Callable[[Any], Fitted] | None = None
    suspects: dict[str, Array] = dataclasses.field(default_factory=dict)
    reading: dict[str, Any] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        """Class ids without names are named by their numbers."""
        self.y = np.asarray(self.y)
        ids = self.task in CLASSES and self.y.dtype.kind in "iu" and self.y.size
        if ids and not self.class_names:
            self.class_names = [str(number) for number in range(int(self.y.max()) + 1)]

    def rows(self, indices: NDArray[np.integer[Any]]) -> "Inputs | pd.DataFrame":
        """These rows of `x`, whatever `x` is."""
        if isinstance(self.x, np.ndarray):
            return self.x[indices]
        return self.x.iloc[indices] if hasattr(self.x, "iloc") else self.x.take(indices)


def classes_task(classes: int) -> str:
    """The task of integer labels: two classes make it binary."""
    return "binary" if classes == 2 else "classification"


@dataclasses.dataclass
class Split:
    """Rows of one role.

    Args:
        x: Array `(rows, ...)`, or a lazy source such as `ImageFiles`: see `LazyRows`.
        y: Array `(rows,)` of int32 class ids, or `(rows, targets)` of float32 values or labels.
        weight: Array `(rows,)` of float32 sample weights, or `None`.
    """

    x: Inputs
    y: Array
    weight: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: ArrayLike) -> "Split":
        """The rows with these indices, in this order; a lazy source stays lazy."""
        index = np.asarray(rows)
        x = self.x.take(index) if is_lazy(self.x) else self.x[index]
        weight = None if self.weight is None else self.weight[index]
        return Split(x, self.y[index], weight)

    def spread(self, count: int) -> "Split":
        """`count` rows at even distances."""
        return self.take(np.arange(count) * len(self) // count)

    def sample(self, count: int = SAMPLE) -> "Split":
        """The rows in memory; of those on the disk `count` or `SAMPLE_BYTES` at even distances."""
        if on_disk(self.x):
            row = math.prod(self.x.shape[1:]) * self.x.dtype.itemsize
            count = min(count, max(SAMPLE_BYTES // max(row, 1), 1))
        if on_disk(self.x) and len(self) > count:
            return self.spread(count).in_memory()
        return self.in_memory()

    def mixed(self, count: int) -> NDArray[np.int64]:
        """The numbers of `count` rows to look at: each class in turn, else at even distances.

        >>> Split(np.zeros(5), np.array([0, 0, 0, 1, 1])).mixed(4).tolist()
        [0, 3, 1, 4]
        """
        count = min(count, len(self))
        if self.y.ndim > 1 or self.y.dtype.kind not in "iu":
            return np.arange(count, dtype=np.int64) * len(self) // max(count, 1)
        order = np.argsort(self.y, kind="stable")
        labels = self.y[order]
        turn = np.arange(len(self)) - np.searchsorted(labels, labels)
        return order[np.lexsort((labels, turn))][:count]

    def flat(self) -> Array:
        """The inputs as a table, `(rows, values)`."""
        return np.asarray(self.x).reshape(len(self), math.prod(self.x.shape[1:]))

    def in_memory(self) -> "Split":
        """The same rows as plain arrays: what a metric or a plot needs of a lazy source."""
        x = self.x[np.arange(len(self))] if is_lazy(self.x) else self.x
        return Split(x, self.y, self.weight)


@dataclasses.dataclass
class Data:
    """A data set that is split, checked and ready for `kreg.data.epoch_stream`.

    `task` is `"classification"` (integer class ids), `"binary"` (ids 0 and 1), `"multilabel"`
    (float32 of 0 and 1, `(rows, outputs)`) or `"regression"` (float32, `(rows, outputs)`,
    standardised where `target_scale` says so). Images are `(h, w, c)`, uint8 in 0..255 or float32;
    the validation and test rows are never changed by noise. `fold` are the rows of the held-out
    fold, on which settings are compared; `None` without folds. `words` are the classes, labels or
    targets as the user has written them, where the `..._names` are fit for files and tags. `places`
    are the numbers of the rows of each split in the source; empty where the source split itself.
    """

    name: str
    task: str
    train: Split
    validation: Split
    test: Split
    outputs: int
    class_names: list[str] = dataclasses.field(default_factory=list)
    target_names: list[str] = dataclasses.field(default_factory=list)
    feature_names: list[str] = dataclasses.field(default_factory=list)
    is_image: bool = False
    target_mean: list[float] = dataclasses.field(default_factory=list)
    target_scale: list[float] = dataclasses.field(default_factory=list)
    preprocessing: Fitted | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)
    fold: Split | None = None
    words: list[str] = dataclasses.field(default_factory=list)
    reading: dict[str, Any] = dataclasses.field(default_factory=dict)
    places: dict[str, NDArray[np.integer[Any]]] = dataclasses.field(default_factory=dict)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.train.x.shape[1:])

    @property
    def splits(self) -> dict[str, Split]:
        found = {"train": self.train, "validation": self.validation, "test": self.test}
        return found if self.fold is None else found | {"fold": self.fold}

    @property
    def sizes(self) -> dict[str, int]:
        return {name: len(split) for name, split in self.splits.items()}

    def to_dict(self) -> dict[str, Any]:
        """All but the rows as plain JSON values: what a run keeps as `data.json`.

        `kreg.load_run` reads it; its parts are described in `kreg.runs.schema.DataFacts`.
        """
        names = ("name", "task", "outputs", "class_names", "target_names", "feature_names")
        fitted = self.preprocessing
        return {
            **{name: getattr(self, name) for name in (*names, "words", "is_image", "sizes")},
            "input_shape": list(self.input_shape),
            "input_type": str(self.train.x.dtype),
            "reading": self.reading,
            "target": self.to_target(),
            "preprocessing": fitted.to_dict() if fitted and hasattr(fitted, "to_dict") else None,
            "fingerprint": self.fingerprint(),
            "warnings": self.warnings,
        }

    def to_target(self) -> dict[str, list[float]]:
        """What turns predictions of a regression into its target: `z * scale + mean`."""
        return {"mean": self.target_mean, "scale": self.target_scale}

    def fingerprint(self) -> str:
        """Eight hex digits that change when any row of any split does (CRC-32 of the bytes)."""
        code = 0
        for split in self.splits.values():
            for part in (split.x, split.y, split.weight):
                if part is not None:
                    code = zlib.crc32(_bytes_of(part), code)
        return f"{code:08x}"


def is_lazy(x: object) -> "TypeIs[LazyRows]":
    """Whether `x` decodes its rows on demand."""
    return not isinstance(x, np.ndarray)


def on_disk(x: object) -> "TypeIs[DiskRows]":
    """Whether the rows are too many to be held at once."""
    return hasattr(x, "window")


def _bytes_of(part: Inputs) -> bytes | memoryview:
    if is_lazy(part):
        return part.signature()
    return np.ascontiguousarray(part).view(np.uint8).reshape(-1).data
