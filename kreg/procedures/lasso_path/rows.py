"""The rows of a path: a table of the user's, its test rows set aside first, the others in folds.

Whatever is fitted - medians, levels, means and deviations - is fitted on the rows that train: once
for each fold, and once for all rows but those of the test.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kreg.config.custom import Custom
from kreg.data import Splitting
from kreg.data.assembly import safe, safe_all
from kreg.data.checks import check_raw
from kreg.data.dataset import Raw, is_lazy, on_disk
from kreg.data.preprocessing import Fitted, Standard
from kreg.data.source_options import SourceOptions
from kreg.data.splits import split_rows
from kreg.factories import components
from kreg.procedures.lasso_path.solvers import Floats

Index = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Part:
    """Rows that are ready for a solver.

    Args:
        x: Array `(rows, columns)`, numeric columns with mean 0 and deviation 1 on the rows that
            train.
        y: Array `(rows, outputs)`: the target in its own units, or 0 and 1 a class.
        weight: Array `(rows,)`.
    """

    x: Floats
    y: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Encoded:
    """One way of fitting the columns: the rows that train, others coded alike, and the names."""

    train: Part
    held: Part
    names: list[str]
    fitted: Fitted


@dataclass
class Rows:
    """The rows of a source, cut into test rows and folds.

    Args:
        raw: What the source has read.
        pool: Indices of all rows but those of the test.
        test: Indices of the test rows; empty where the source brings its own.
        folds: Training rows and held-out rows of each fold.
        warnings: Sentences about the rows.
    """

    raw: Raw
    pool: Index
    test: Index
    folds: Sequence[tuple[Index, Index]]
    warnings: list[str] = field(default_factory=list)

    @property
    def squared(self) -> bool:
        """Whether the target is a number, whose errors are squared."""
        return self.raw.task == "regression"

    def encoded(self) -> Encoded:
        """All rows but those of the test, and the test rows."""
        if self.raw.test is None:
            return self.coded(self.pool, self.test)
        whole = self.coded(self.pool, self.test[:0])
        x, y = self.raw.test
        return replace(whole, held=Part(*self._numbers(whole.fitted, x, y), np.ones(len(y))))

    def in_folds(self) -> Iterator[Encoded]:
        """Each fold in turn."""
        return (self.coded(train, held) for train, held in self.folds)

    def coded(self, train: Index, held: Index) -> Encoded:
        """Columns fitted on some rows, for these and others."""
        seen: Any = self.raw.rows(train)
        fitted = self.raw.preprocess(seen) if self.raw.preprocess else Standard.fit(seen)
        first, other = (
            Part(*self._numbers(fitted, self.raw.rows(rows), self.raw.y[rows]), self._weight(rows))
            for rows in (train, held)
        )
        names = list(getattr(fitted, "names", None) or self.raw.feature_names)
        names = names or [str(place) for place in range(first.x.shape[1])]
        return Encoded(first, other, safe_all(names), fitted)

    def _numbers(self, fitted: Fitted, x: Any, y: Any) -> tuple[Floats, Floats]:
        targets = np.asarray(y, float).reshape(-1, 1)
        if self.raw.task == "classification":
            targets = np.eye(len(self.raw.class_names))[np.asarray(y, int).reshape(-1)]
        return np.asarray(fitted(x), float) if len(y) else np.empty((0, 0)), targets

    def _weight(self, rows: Index) -> Floats:
        if self.raw.weight is None or not len(rows):
            return np.ones(len(rows))
        found = np.asarray(self.raw.weight, float).reshape(-1)[rows]
        return found / (found.mean() or 1.0)


def read(cfg: SourceOptions | Custom, seed: int, folds: int) -> Rows:
    """The rows of a configuration.

    Args:
        cfg: The checked `data` group.
        seed: Draws the test rows and the folds.
        folds: Whole number >= 2.

    Raises:
        ValueError: If the rows are no table with one target, or too few.
    """
    if isinstance(cfg, Custom):
        raw, how = components.create_custom(cfg), Splitting(seed=seed)
    else:
        raw = components.create(cfg, **({"seed": seed} if cfg.seeded else {}))
        how = Splitting(test=cfg.test, seed=seed)
    return of(raw, how, folds)


def of(raw: Raw, how: Splitting, folds: int) -> Rows:
    """The rows of a source that has been read: its test rows set aside, the others in folds.

    Args:
        raw: What the source has read.
        how: Its share of test rows and its seed count; test rows of the source's own come first.
        folds: Whole number >= 2.
    """
    check_raw(raw)
    refuse_unfit(raw)
    own, y = raw.test is not None, np.asarray(raw.y)
    parts = split_rows(
        y, how, group=raw.group, time=raw.time, own_test=own, validation=raw.validation
    )
    pool, test = np.sort(np.concatenate(parts[:2])), parts[2]
    return Rows(raw, pool, test, list(cut(raw, pool, how.seed, folds)), list(raw.warnings))


def refuse_unfit(raw: Raw) -> None:
    """Refuse what has no path of a linear model with one target."""
    name = safe(raw.name)
    if on_disk(raw.x):
        raise ValueError(
            f"experiment=lasso_path holds all rows, and those of {name} stay on the disk. Say "
            " data.cache=memory if they fit, or take fewer of them."
        )
    if raw.is_image or (not hasattr(raw.x, "iloc") and (is_lazy(raw.x) or raw.x.ndim != 2)):
        raise ValueError(
            f"experiment=lasso_path needs a table, but {name} has pictures. Take data=csv, "
            "data=parquet, or data=npz with x of shape (rows, columns)."
        )
    several = np.ndim(raw.y) > 1 and np.shape(raw.y)[1] > 1
    if several or raw.task not in ("regression", "binary", "classification"):
        raise ValueError(
            f"experiment=lasso_path has one target, but {name} has several. Name one of them "
            "with data.target."
        )


def cut(raw: Raw, pool: Index, seed: int, folds: int) -> Iterator[tuple[Index, Index]]:
    """Training and held-out rows of each fold: stratified, by group, or the past before a block."""
    if len(pool) < 2 * folds:
        raise ValueError(
            f"{safe(raw.name)}: {len(pool)} rows beside the test rows are too few for "
            f"arguments.folds={folds}. Take fewer folds, or bring more rows."
        )
    group = None if raw.group is None else np.asarray(raw.group)[pool]
    time = None if raw.time is None else np.asarray(raw.time)[pool]
    for fold in range(folds):
        how = Splitting(validation=0.0, test=0.0, folds=folds, fold=fold, seed=seed)
        parts = split_rows(np.asarray(raw.y)[pool], how, group=group, time=time)
        yield pool[parts[0]], pool[parts[-1]]
