"""What a source hands to training: three splits, and everything a model must know about them."""

import dataclasses
import zlib

import numpy as np


@dataclasses.dataclass
class Split:
    """Rows of one role.

    Args:
        x: Array `(rows, ...)`, or a lazy source such as `ImageFiles`: anything with `len`,
            `shape`, `dtype` and `x[indices] -> array`.
        y: Array `(rows,)` of int32 class ids, or `(rows, targets)` of float32 values.
        weight: Array `(rows,)` of float32 sample weights, or `None`.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows) -> "Split":
        """The rows with these indices, in this order; a lazy source stays lazy."""
        rows = np.asarray(rows)
        x = self.x.take(rows) if is_lazy(self.x) else self.x[rows]
        weight = None if self.weight is None else self.weight[rows]
        return Split(x, self.y[rows], weight)

    def spread(self, count: int) -> "Split":
        """`count` rows at even distances."""
        return self.take(np.arange(count) * len(self) // count)

    def in_memory(self) -> "Split":
        """The same rows as plain arrays: what a metric or a plot needs of a lazy source."""
        x = self.x[np.arange(len(self))] if is_lazy(self.x) else self.x
        return Split(x, self.y, self.weight)


@dataclasses.dataclass
class Data:
    """A data set that is split, checked and ready for `kreg.data.epoch_stream`.

    `task` is `"classification"` (integer class ids), `"binary"` (ids 0 and 1) or `"regression"`
    (float32, `(rows, outputs)`, standardised where `target_scale` says so). Images are `(h, w, c)`,
    uint8 in 0..255 or float32; the validation and test rows are never changed by noise.
    """

    name: str
    task: str
    train: Split
    validation: Split
    test: Split
    outputs: int
    class_names: list[str] = dataclasses.field(default_factory=list)
    feature_names: list[str] = dataclasses.field(default_factory=list)
    is_image: bool = False
    target_mean: list[float] = dataclasses.field(default_factory=list)
    target_scale: list[float] = dataclasses.field(default_factory=list)
    preprocessing: "object | None" = None
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.train.x.shape[1:])

    @property
    def splits(self) -> dict[str, Split]:
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def sizes(self) -> dict[str, int]:
        return {name: len(split) for name, split in self.splits.items()}

    def to_dict(self) -> dict:
        """All but the rows as plain JSON values: what a run keeps as `data.json`.

        `kreg.data.preprocessing.from_dict(saved["preprocessing"])` turns new rows into inputs.
        """
        names = ("name", "task", "outputs", "class_names", "feature_names", "is_image", "sizes")
        fitted = self.preprocessing
        return {
            **{name: getattr(self, name) for name in names},
            "input_shape": list(self.input_shape),
            "target": {"mean": self.target_mean, "scale": self.target_scale},
            "preprocessing": fitted.to_dict() if hasattr(fitted, "to_dict") else None,
            "fingerprint": self.fingerprint(),
            "warnings": self.warnings,
        }

    def fingerprint(self) -> str:
        """Eight hex digits that change when any row of any split does (CRC-32 of the bytes)."""
        code = 0
        for split in self.splits.values():
            for part in (split.x, split.y, split.weight):
                if part is not None:
                    code = zlib.crc32(_bytes_of(part), code)
        return f"{code:08x}"


def is_lazy(x) -> bool:
    """Whether `x` decodes its rows on demand."""
    return not isinstance(x, np.ndarray)


def _bytes_of(part):
    if is_lazy(part):
        return part.signature()
    return np.ascontiguousarray(part).view(np.uint8).reshape(-1).data
