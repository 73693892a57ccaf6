"""The rows that are measured: fixed, spread, of any source."""

import keras
import numpy as np
import pytest

from kreg.measuring.rows import NoRowsError, take


def test_rows_of_arrays_are_fixed_and_spread():
    x = np.arange(100.0)[:, None]
    a, b = (take("train", (x, x), 10, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.x, b.x)
    assert len(a) == 10 and a.total == 100
    assert a.x.max() > 50  # sorted classes must not give one class only
    assert not np.array_equal(a.x, take("train", (x, x), 10, seed=4).x)
    assert (np.diff(a.x[:, 0]) > 0).all()


def test_rows_of_nests_and_weights():
    x = {"a": np.ones((6, 2)), "b": np.zeros((6, 3))}
    rows = take("train", (x, [np.arange(6), np.ones(6)], np.arange(6.0)), 4)
    assert len(rows) == 4 and rows.x["b"].shape == (4, 3) and rows.weight.shape == (4,)
    parts = list(rows.batches())
    assert len(parts) == 1 and parts[0][1][0].shape == (4,)


def test_rows_of_a_lazy_source():
    class Lazy:
        shape, dtype = (8, 2), np.float32

        def __len__(self):
            return 8

        def __getitem__(self, indices):
            return np.ones((len(indices), 2), np.float32)

    assert take("train", (Lazy(), np.arange(8)), 5).x.shape == (5, 2)


def test_rows_of_a_py_dataset():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return np.full((4, 2), i), np.arange(4)

    rows = take("train", Batches(), 10)
    assert len(rows) == 10 and rows.x[-1, 0] == 2
    assert take("train", Batches(), 100).total == 12


def test_no_rows_and_crooked_rows_are_sentences():
    with pytest.raises(NoRowsError, match="at least one row"):
        take("train", (np.ones((0, 2)), np.ones(0)), 5)
    with pytest.raises(NoRowsError, match="at least one batch"):
        take("train", iter(()), 5)
    with pytest.raises(ValueError, match="one length"):
        take("train", (np.ones((4, 2)), np.ones(3)), 5)
    with pytest.raises(ValueError, match="sample_weight"):
        take("train", (np.ones((4, 2)),), 5)


def test_class_weights_of_one_hot_targets():
    y = np.eye(3, dtype="float32")[[0, 1, 2, 1]]
    rows = take("train", (np.ones((4, 1)), y), 9, class_weight={1: 5.0})
    np.testing.assert_array_equal(rows.weight, [1, 5, 1, 5])
