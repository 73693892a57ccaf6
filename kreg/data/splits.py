"""Seeded splits: stratified, by group, by time, in folds. Every function returns row indices."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg import check

Indices = NDArray[np.int64]
Rows = tuple[Indices, Indices, Indices]  # of training, validation and test

# each use of the seed has its own stream, so that one option never moves another's draw
TEST, VALIDATION, SUBSET, NOISE, FOLDS = range(5)


@dataclasses.dataclass(frozen=True)
class Splitting:
    """How rows become training, validation and test rows.

    Args:
        validation: Fraction of all rows, in [0, 1). Defaults to `0.15`.
        test: The same; ignored where the source brings its own test rows. Defaults to `0.15`.
        train_size: Training rows to keep: a fraction below 1, a number of rows from 1 on, or
            `None` for all. Validation and test stay as they are, so that sizes compare.
        label_noise: Fraction of training labels, in [0, 1), that are replaced by another class;
            for regression, Gaussian noise of that many standard deviations of the target.
        folds: `0`, or the number of folds >= 2. Fold number `fold` is then the test split (the
            validation split, where the source brings its own test rows).
        fold: Whole number from 0 to `folds - 1`.
        seed: Whole number >= 0.
    """

    validation: float = 0.15
    test: float = 0.15
    train_size: float | None = None
    label_noise: float = 0.0
    folds: int = 0
    fold: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("validation", "test", "label_noise"):
            check.number(name, getattr(self, name), low=0, high=1, high_open=True)
        check.integer("folds", self.folds, low=0)
        if self.folds == 1 or (self.folds and self.fold >= self.folds) or self.fold < 0:
            raise check.invalid(
                "fold", f"folds >= 2 and a fold from 0 to folds - 1 = {self.folds - 1}", self.fold
            )
        if self.validation + self.test >= 1:
            raise check.invalid(
                "validation", "validation + test below 1", (self.validation, self.test)
            )

    def generator(self, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, stream))


def split_rows(
    y: ArrayLike,
    how: Splitting,
    *,
    group: ArrayLike | None = None,
    time: ArrayLike | None = None,
    own_test: bool = False,
    validation: NDArray[np.bool_] | None = None,
) -> Rows:
    """`(train, validation, test)` index arrays: disjoint, and together every row.

    Rows are stratified by `y` (for regression along its sorted values). With `group` whole groups
    are dealt out instead; with `time` the last rows are the test, those before them validation.

    Args:
        y: Targets, `(rows,)` or `(rows, targets)`; the first target stratifies.
        how: A `Splitting`.
        group: Labels `(rows,)` or `None`.
        time: Sortable values `(rows,)` or `None`.
        own_test: Whether the source brings its own test rows; none are then taken here.
        validation: Whether a row is a validation row of the source's own, `(rows,)`, or `None`.
            All others train then; the test rows are the source's own, too, if it has any.
    """
    if validation is not None:
        if how.folds:
            raise check.invalid("folds", "0 where the source says the validation rows", how.folds)
        return np.flatnonzero(~validation), np.flatnonzero(validation), np.empty(0, np.int64)
    if time is not None:
        return _by_time(time, how, own_test)
    if group is not None:
        return _by_group(np.asarray(y), np.asarray(group), how, own_test)
    return _stratified(np.asarray(y), how, own_test)


def _stratified(y: NDArray[Any], how: Splitting, own_test: bool) -> Rows:
    y = y.reshape(len(y), -1)[:, 0]
    order = spread(y, how.generator(FOLDS if how.folds else TEST))
    test_rows = 0 if own_test else round(how.test * len(y))
    if how.folds:
        held = np.arange(len(y)) % how.folds == how.fold
        test, rest = order[held], order[~held]
    else:
        test, rest = deal(order, test_rows)
    if how.folds and own_test:
        return np.sort(rest), np.sort(test), np.empty(0, np.int64)
    order = rest[spread(y[rest], how.generator(VALIDATION))]
    validation, train = deal(order, round(how.validation * len(y)))
    return np.sort(train), np.sort(validation), np.sort(test)


def spread(y: NDArray[Any], generator: np.random.Generator) -> Indices:
    """Row numbers sorted by `y`, in random order where `y` ties."""
    order = generator.permutation(len(y))
    return order[np.argsort(y[order], kind="stable")]


def deal(order: Indices, count: int) -> tuple[Indices, Indices]:
    """`count` entries at even distances, and the rest: what makes a split stratified."""
    steps = np.arange(len(order) + 1) * count // max(len(order), 1)
    picked = np.diff(steps) > 0
    return order[picked], order[~picked]


def _by_group(y: NDArray[Any], group: NDArray[Any], how: Splitting, own_test: bool) -> Rows:
    """Deals the groups as `_stratified` deals rows, by the label of each group's first row."""
    names, first, member = np.unique(group, return_index=True, return_inverse=True)
    if len(names) < 3:
        raise check.invalid("group", "a column with at least three groups", list(names))
    parts = _stratified(y[first], how, own_test)
    train, validation, test = (np.flatnonzero(np.isin(member, part)) for part in parts)
    return train, validation, test


def _by_time(time: ArrayLike, how: Splitting, own_test: bool) -> Rows:
    if how.folds:
        raise check.invalid("folds", "0 where `time` orders the rows", how.folds)
    order = np.argsort(np.asarray(time), kind="stable")
    rows = len(order)
    test = 0 if own_test else round(how.test * rows)
    validation = round(how.validation * rows)
    ends = (rows - test - validation, rows - test)
    return order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] :]


def subset(rows: Indices, y: ArrayLike, how: Splitting) -> Indices:
    """The training rows that `train_size` keeps, stratified."""
    count = _wanted(how.train_size, len(rows))
    if count == len(rows):
        return rows
    targets = np.asarray(y)
    labels = targets.reshape(len(targets), -1)[rows, 0]
    kept, _ = deal(rows[spread(labels, how.generator(SUBSET))], count)
    return np.sort(kept)


def _wanted(train_size: float | None, rows: int) -> int:
    if train_size is None:
        return rows
    size = check.number("train_size", train_size, low=0, low_open=True)
    if size > rows:
        raise check.invalid("train_size", f"at most the {rows} training rows", train_size)
    return max(1, round(size * rows)) if size < 1 else round(size)


def with_label_noise(y: NDArray[Any], classes: int, how: Splitting) -> NDArray[Any]:
    """Training targets with symmetric label noise (`classes > 0`) or Gaussian noise."""
    if not how.label_noise:
        return y
    generator = how.generator(NOISE)
    if not classes:
        noise = generator.standard_normal(y.shape) * y.std(axis=0) * how.label_noise
        return (y + noise).astype(y.dtype)
    flipped = generator.permutation(len(y))[: round(how.label_noise * len(y))]
    noisy = y.copy()
    shift = generator.integers(1, classes, size=len(flipped))
    noisy[flipped] = (y[flipped] + shift) % classes
    return noisy
