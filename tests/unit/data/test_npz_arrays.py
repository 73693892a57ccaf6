"""The further arrays of an archive: weights by every name that people have, unknown ones said."""

import numpy as np
import pytest

from kreg.data import assemble
from kreg.data.sources.npz import npz

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.arange(60) % 2
W = np.linspace(0.1, 2, 60)


@pytest.fixture
def saved(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        return str(tmp_path / "set.npz")

    return write


@pytest.mark.parametrize(
    "arrays",
    [
        {"sample_weight": W},
        {"sample_weights": W},
        {"weight": W},
        {"weights": W[:, None]},
        {"Sample_Weight": W.astype("float32")},
    ],
)
def test_the_weights_of_the_rows_have_the_names_that_people_use(saved, arrays):
    data = assemble(npz(saved(x=X, y=Y, **arrays)))
    found = np.concatenate([split.weight for split in data.splits.values()])
    np.testing.assert_allclose(np.sort(found), W.astype("float32"))
    assert not [sentence for sentence in data.warnings if "not used" in sentence]


@pytest.mark.parametrize(
    "arrays, sentence",
    [
        ({"sample_weight": W, "weight": W}, "both weigh the rows"),
        ({"sample_weight": W[:59]}, "60 numbers >= 0"),
        ({"sample_weight": -W}, "60 numbers >= 0"),
        ({"sample_weight": np.full(60, np.nan)}, "60 numbers >= 0"),
        ({"sample_weight": np.zeros(60)}, "not all zero"),
        ({"sample_weight": np.full(60, "a")}, "60 numbers >= 0"),
    ],
)
def test_weights_that_cannot_weigh_are_refused(saved, arrays, sentence):
    with pytest.raises(ValueError, match=sentence):
        npz(saved(x=X, y=Y, **arrays))


def test_arrays_that_nothing_reads_are_said(saved):
    raw = npz(saved(x=X, y=Y, sample_wieght=W, X_val=X[:9]))
    assert raw.warnings == [
        "set: the arrays 'sample_wieght' (60), 'x_val' (9×3) are not used. Known are x, y, their "
        "_train and _test, class_names, feature_names and sample_weight; data.group and data.time "
        "name one value a row."
    ]


def test_a_named_array_is_used(saved):
    assert npz(saved(x=X, y=Y, person=np.arange(60) // 6), group="person").warnings == []
