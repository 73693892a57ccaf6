"""The four data sets of scikit-learn, split and standardised."""

import numpy as np
import pytest

from kreg.data import Splitting, assemble
from kreg.data.sources import sklearn_datasets

SHAPES = {
    "digits": ("classification", (8, 8, 1), 10),
    "breast_cancer": ("binary", (30,), 1),
    "wine": ("classification", (13,), 3),
    "diabetes": ("regression", (10,), 1),
}


@pytest.mark.parametrize("name", SHAPES)
def test_contract(name):
    data = assemble(getattr(sklearn_datasets, name)(), Splitting(seed=3))
    assert (data.task, data.input_shape, data.outputs) == SHAPES[name]
    expected = np.float32 if data.task == "regression" else np.int32
    for split in data.splits.values():
        assert split.y.dtype == expected and len(split.x) == len(split.y) > 0
    assert data.warnings == []
    assert len(data.feature_names) == (0 if data.is_image else data.input_shape[0])


def test_tables_are_standardised_on_the_training_rows_alone():
    data = assemble(sklearn_datasets.wine())
    np.testing.assert_allclose(data.train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.train.x.std(axis=0), 1, atol=1e-5)
    assert np.abs(data.validation.x.mean(axis=0)).max() > 1e-3


def test_a_regression_target_is_standardised_and_can_be_undone():
    raw = sklearn_datasets.diabetes()
    data, plain = assemble(raw), assemble(raw, scale_target=False)
    undone = data.test.y * data.target_scale + data.target_mean
    np.testing.assert_allclose(undone, plain.test.y, rtol=1e-5)
    assert abs(data.train.y.std() - 1) < 1e-5 and plain.target_scale == []


def test_noise_and_size_touch_the_training_rows_only():
    clean = assemble(sklearn_datasets.digits(), Splitting())
    noisy = assemble(sklearn_datasets.digits(), Splitting(label_noise=0.2, train_size=500))
    assert len(noisy.train) == 500
    for name in ("validation", "test"):
        assert np.array_equal(clean.splits[name].y, noisy.splits[name].y)
        assert np.array_equal(clean.splits[name].x, noisy.splits[name].x)


def test_the_fingerprint_sees_one_changed_value():
    one, two = assemble(sklearn_datasets.wine()), assemble(sklearn_datasets.wine())
    assert one.fingerprint() == two.fingerprint()
    two.test.x[3, 4] += 1
    assert one.fingerprint() != two.fingerprint()
