"""Splits: disjoint, complete, stratified, seeded; groups and time respected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kreg.data import splits
from kreg.data.splits import Splitting, split_rows


def labels(rows=300, classes=3, seed=0):
    return np.random.default_rng(seed).integers(0, classes, rows)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(10, 200),
    validation=st.floats(0.05, 0.4),
    test=st.floats(0.0, 0.4),
    seed=st.integers(0, 2**31 - 1),
)
def test_a_split_is_a_partition_of_the_asked_sizes(rows, validation, test, seed):
    how = Splitting(validation=validation, test=test, seed=seed)
    parts = split_rows(labels(rows), how)
    assert not len(parts.fold)
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))
    assert [len(parts[1]), len(parts[2])] == [round(validation * rows), round(test * rows)]


def test_classes_are_spread_to_within_one_row():
    y = labels(1000, 5)
    for part in split_rows(y, Splitting(validation=0.2, test=0.2))[:3]:
        expected = np.bincount(y) * len(part) / 1000
        assert np.abs(np.bincount(y[part]) - expected).max() < 2


def test_regression_is_spread_along_the_sorted_target():
    y = np.random.default_rng(1).standard_normal((400, 1))
    _, validation, _, _ = split_rows(y, Splitting(validation=0.25, test=0.0))
    deciles = np.searchsorted(np.quantile(y, np.linspace(0, 1, 11)[1:-1]), y[validation, 0])
    assert np.abs(np.bincount(deciles) - 10).max() <= 1


def test_the_seed_decides_and_nothing_else():
    y = labels()
    one, again, other = (split_rows(y, Splitting(seed=s))[0].tolist() for s in (4, 4, 5))
    assert one == again != other


def test_seeds_draw_other_targets_of_a_regression():
    y = np.random.default_rng(1).standard_normal(120)
    tests = [np.sort(y[split_rows(y, Splitting(seed=seed)).test]) for seed in range(4)]
    assert all(len(test) == 18 for test in tests)
    assert all((one != other).any() for one in tests for other in tests if one is not other)
    means = [test.mean() for test in tests]
    assert np.std(means) < 0.05  # of random rows 0.24


FOLDED = {
    "stratified": lambda rows: {},
    "grouped": lambda rows: {"group": np.arange(rows) // 5},
    "timed": lambda rows: {"time": np.random.default_rng(2).integers(0, rows // 3, rows)},
}


@pytest.mark.parametrize("rows", [103, 400])
@pytest.mark.parametrize("kind", FOLDED)
def test_folds_are_held_out_of_everything_and_the_test_rows_are_set_aside_first(kind, rows):
    y, how = labels(rows), FOLDED[kind](rows)
    parts = [split_rows(y, Splitting(folds=5, fold=k), **how) for k in range(5)]
    for part in parts:
        together = np.concatenate(part)
        assert len(set(together.tolist())) == len(together)
        assert part.test.tolist() == parts[0].test.tolist()
        assert all(map(len, part))
    folds = np.concatenate([part.fold for part in parts])
    assert len(set(folds.tolist())) == len(folds) and not set(folds) & set(parts[0].test)
    if kind != "timed":
        assert len(folds) + len(parts[0].test) == rows
        alone = split_rows(y, Splitting(), **how).test
        assert alone.tolist() == parts[0].test.tolist()


def test_with_its_own_test_rows_all_rows_are_folded():
    parts = split_rows(labels(100), Splitting(folds=5), own_test=True)
    assert list(map(len, parts)) == [65, 15, 0, 20]


def test_grouped_folds_keep_groups_together():
    group = np.repeat(np.arange(40), 7)
    parts = split_rows(group % 4, Splitting(folds=3, fold=1), group=group)
    assert sum(len(set(group[part])) for part in parts) == 40


def test_a_fold_of_time_follows_all_that_trains_for_it():
    time = np.random.default_rng(0).integers(0, 90, 300)
    for fold in range(4):
        train, validation, test, held = split_rows(
            labels(300), Splitting(folds=4, fold=fold), time=time
        )
        ends = [(time[part].min(), time[part].max()) for part in (train, validation, held, test)]
        assert all(before[1] < after[0] for before, after in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize("stamps", [7, 20, 60])
def test_rows_of_one_time_are_never_separated(stamps):
    time = np.random.default_rng(3).integers(0, stamps, 200)
    parts = split_rows(labels(200), Splitting(), time=time)
    assert sum(len(set(time[part])) for part in parts) == len(set(time))
    assert sum(map(len, parts)) == 200


def test_groups_never_straddle():
    group = np.repeat(np.arange(40), 7)
    parts = split_rows(group % 4, Splitting(), group=group)
    sets = [set(group[part]) for part in parts]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    assert all(len(set((group % 4)[part])) == 4 for part in parts[:3])


def test_the_future_never_trains_the_past():
    time = np.random.default_rng(0).permutation(100)
    train, validation, test, _ = split_rows(labels(100), Splitting(), time=time)
    assert time[train].max() < time[validation].min() <= time[validation].max() < time[test].min()


def test_train_size_keeps_the_proportions_and_is_nested_in_the_training_rows():
    y = np.repeat([0, 1], [900, 100])
    rows = np.arange(0, 1000, 2)
    kept = splits.subset(rows, y, Splitting(train_size=50))
    assert set(kept) <= set(rows) and np.bincount(y[kept]).tolist() == [45, 5]
    assert len(splits.subset(rows, y, Splitting(train_size=0.2))) == 100
    with pytest.raises(ValueError, match="at most the 500 training rows"):
        splits.subset(rows, y, Splitting(train_size=501))


def test_label_noise_changes_exactly_that_many_labels_to_another_class():
    y = labels(1000, 4).astype(np.int32)
    noisy = splits.with_label_noise(y, 4, Splitting(label_noise=0.3))
    assert (noisy != y).sum() == 300 and set(noisy) == set(y)


@pytest.mark.parametrize(
    "wrong",
    [{"validation": 1.0}, {"test": -0.1}, {"folds": 1}, {"folds": 3, "fold": 3}, {"fold": -1}],
)
def test_bad_splitting_is_refused(wrong):
    with pytest.raises(ValueError, match="Invalid value received"):
        Splitting(**wrong)


def test_validation_and_test_must_leave_training_rows():
    with pytest.raises(ValueError, match=r"validation \+ test below 1"):
        Splitting(validation=0.5, test=0.5)
