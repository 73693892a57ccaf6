"""Seeded splits: stratified, by group, by time, in folds. Every function returns row indices."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kreg import check

Indices = NDArray[np.integer[Any]]
NONE: Indices = np.empty(0, np.int64)
STRATA = 10  # of a target that is a number: within one, rows are drawn at random


class Rows(NamedTuple):
    """Row indices by role; `fold` is empty where there are no folds."""

    train: Indices
    validation: Indices
    test: Indices
    fold: Indices = NONE


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
        folds: `0`, or the number of folds >= 2 into which the rows beside the test rows are cut.
            Fold number `fold` is held out: it trains nothing and stops nothing, so settings can
            be compared on it. The others are training and validation rows.
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
    """`(train, validation, test, fold)` index arrays: disjoint, and together every row.

    The test rows are the same for all folds. Rows are stratified by `y` (a target of floats by its
    deciles). With `group` whole groups are dealt out instead. With `time` the last rows are the
    test, those before them validation, and rows of one time are never separated; fold `k` of time
    follows all rows that train for it, so the first folds have fewer of them.

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
        return Rows(np.flatnonzero(~validation), np.flatnonzero(validation), NONE)
    test = 0.0 if own_test else how.test
    if time is not None:
        return _by_time(np.asarray(time), how, test)
    if group is not None:
        return _by_group(np.asarray(y), np.asarray(group), how, test)
    return _stratified(np.asarray(y), how, test)


def _stratified(y: NDArray[Any], how: Splitting, share: float) -> Rows:
    y = y.reshape(len(y), -1)[:, 0]
    test, rest = deal(spread(y, how.generator(TEST)), round(share * len(y)))
    fold = NONE
    if how.folds:
        order = rest[spread(y[rest], how.generator(FOLDS))]
        held = np.arange(len(order)) % how.folds == how.fold
        fold, rest = order[held], order[~held]
    order = rest[spread(y[rest], how.generator(VALIDATION))]
    validation, train = deal(order, round(how.validation * len(y)))
    return Rows(*map(np.sort, (train, validation, test, fold)))


def spread(y: NDArray[Any], generator: np.random.Generator) -> Indices:
    """Row numbers sorted by `y`, in random order where `y` ties; floats tie within a decile."""
    order = generator.permutation(len(y))
    if y.dtype.kind == "f":
        edges = np.quantile(y, np.linspace(0, 1, STRATA + 1)[1:-1]) if len(y) else y
        y = np.searchsorted(edges, y)
    return order[np.argsort(y[order], kind="stable")]


def deal(order: Indices, count: int) -> tuple[Indices, Indices]:
    """`count` entries at even distances, and the rest: what makes a split stratified."""
    steps = np.arange(len(order) + 1) * count // max(len(order), 1)
    picked = np.diff(steps) > 0
    return order[picked], order[~picked]


def _by_group(y: NDArray[Any], group: NDArray[Any], how: Splitting, share: float) -> Rows:
    """Deals the groups as `_stratified` deals rows, by the label of each group's first row."""
    names, first, member = np.unique(group, return_index=True, return_inverse=True)
    if len(names) < 3:
        raise check.invalid("group", "a column with at least three groups", list(names))
    parts = _stratified(y[first], how, share)
    return Rows(*(np.flatnonzero(np.isin(member, part)) for part in parts))


def _by_time(time: NDArray[Any], how: Splitting, share: float) -> Rows:
    order = np.argsort(time, kind="stable")
    time = time[order]
    until = rest = boundary(time, len(order) - round(share * len(order)))
    count = round(how.validation * len(order))
    if how.folds:  # the blocks before a fold train for it, so there is one more of them than folds
        ends = (how.fold + k for k in (1, 2))
        until, end = (boundary(time, k * rest // (how.folds + 1)) for k in ends)
        count = round(how.validation * until)
    else:
        end = until
    begin = boundary(time, until - count)
    return Rows(order[:begin], order[begin:until], order[rest:], order[until:end])


def boundary(time: NDArray[Any], wanted: int) -> int:
    """The place nearest to `wanted` in sorted times at which no two equal ones are separated.

    >>> boundary(np.array([1, 2, 2, 2, 3]), 3), boundary(np.array([1, 2, 2, 2, 3]), 2)
    (4, 1)
    """
    if not 0 < wanted < len(time):
        return max(0, min(wanted, len(time)))
    before, after = (int(np.searchsorted(time, time[wanted], side)) for side in ("left", "right"))
    return before if wanted - before <= after - wanted else after


def subset(rows: Indices, y: ArrayLike, how: Splitting) -> Indices:
    """The training rows that `train_size` keeps, stratified."""
    count = wanted(how.train_size, len(rows))
    if count == len(rows):
        return rows
    targets = np.asarray(y)
    labels = targets.reshape(len(targets), -1)[rows, 0]
    kept, _ = deal(rows[spread(labels, how.generator(SUBSET))], count)
    return np.sort(kept)


def wanted(train_size: float | None, rows: int) -> int:
    """How many of so many training rows `train_size` keeps."""
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
