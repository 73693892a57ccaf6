"""One nested state as one `.npz`; what the medium may do to it is in `tests/faults`."""

import numpy as np
import pytest

from kreg import archive
from kreg.archive import DamagedError

STATE = {
    "values": [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(3, dtype=np.int64)],
    "inner": {"word": "é", "none": None, "pair": (1, 2.5), "far": float("inf")},
}


def test_a_state_comes_back_with_types_and_shapes(tmp_path):
    found = archive.read(archive.save(tmp_path / "a.npz", STATE))
    assert found["inner"] == STATE["inner"]
    for read, written in zip(found["values"], STATE["values"], strict=True):
        assert read.dtype == written.dtype and read.shape == written.shape
        np.testing.assert_array_equal(read, written)


def test_any_reader_of_npz_opens_it(tmp_path):
    with np.load(archive.save(tmp_path / "a.npz", STATE), allow_pickle=False) as members:
        assert sorted(members.files) == ["array_00000", "array_00001", "header"]
        values = members["array_00000"].view(np.float32)
    np.testing.assert_array_equal(values, np.arange(6))


def test_what_cannot_be_saved_leaves_the_old_state(tmp_path):
    path = archive.save(tmp_path / "a.npz", STATE)
    with pytest.raises(TypeError, match="state.inner.word is a set"):
        archive.save(path, {"inner": {"word": {1}}})
    assert archive.read(path)["inner"]["word"] == "é"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_is_a_damaged_one(tmp_path):
    with pytest.raises(DamagedError, match="FileNotFoundError"):
        archive.read(tmp_path / "missing.npz")
