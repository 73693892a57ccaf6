"""Arrays that are read where they lie are the arrays in memory; what cannot be so is a sentence."""

import numpy as np
import pytest

from kreg.data import Splitting, assemble
from kreg.data.sources.npz import npz

RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, (200, 4)).astype("float32")
Y = np.arange(200) % 2
PICTURES = RNG.integers(0, 256, (200, 5, 6), np.uint8)


def save(folder, how, **arrays):
    if how == "npz":
        np.savez(folder / "set.npz", **arrays)
        return str(folder / "set.npz")
    (folder / "set").mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / "set" / f"{name}.npy", array)
    return str(folder / "set")


@pytest.fixture(params=["npz", "npy"])
def saved(request, tmp_path):
    return lambda **arrays: save(tmp_path, request.param, **arrays)


@pytest.mark.parametrize("x", [X, PICTURES, X.astype("float64")], ids=["table", "bytes", "float64"])
def test_splits_scales_and_rows_are_those_in_memory(saved, x):
    path = saved(x=x, y=Y, x_test=x[:50] + x.dtype.type(1), y_test=Y[:50])
    memory, disk = (assemble(npz(path, cache=how), Splitting(seed=1)) for how in ("memory", "disk"))
    for name, part in memory.splits.items():
        found = disk.splits[name]
        assert found.x.shape == part.x.shape and found.x.dtype == part.x.dtype
        np.testing.assert_allclose(found.x[:], part.x, rtol=1e-6, atol=1e-6)
        assert np.array_equal(found.y, part.y)
    assert disk.is_image == memory.is_image and disk.input_shape == memory.input_shape
    assert any("stays on the disk" in told for told in disk.warnings)


def test_another_row_is_another_fingerprint(saved):
    one = assemble(npz(saved(x=X, y=Y), cache="disk")).fingerprint()
    other = X.copy()
    other[7, 2] += 1
    assert assemble(npz(saved(x=other, y=Y), cache="disk")).fingerprint() != one


def test_large_inputs_stay_on_the_disk(saved, monkeypatch):
    path = saved(x=X, y=Y)
    assert isinstance(npz(path).x, np.ndarray)
    monkeypatch.setattr("kreg.data.sources.array_files.LARGE", 1000)
    assert not isinstance(npz(path).x, np.ndarray)


@pytest.mark.parametrize(
    "x, told",
    [
        (np.where(X > 10, np.nan, X), "is missing or not finite"),
        (np.asfortranarray(X), "ascontiguousarray"),
        (PICTURES / np.float32(255), "are bytes"),
        (X[:, 0], "must be a table or images"),
    ],
    ids=["gap", "columns", "float pictures", "one axis"],
)
def test_what_cannot_be_read_where_it_lies(saved, x, told):
    with pytest.raises(ValueError, match=told):
        npz(saved(x=x, y=Y), cache="disk")


def test_a_compressed_archive_is_refused_or_read_as_before(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "set.npz", x=X, y=Y)
    with pytest.raises(ValueError, match="np.savez, or the arrays with np.save into a folder"):
        npz(str(tmp_path / "set.npz"), cache="disk")
    monkeypatch.setattr("kreg.data.sources.array_files.LARGE", 0)
    assert np.array_equal(npz(str(tmp_path / "set.npz")).x, X)


def test_a_file_that_is_cut_short(tmp_path):
    path = save(tmp_path, "npy", x=X, y=Y)
    whole = (tmp_path / "set" / "x.npy").read_bytes()
    (tmp_path / "set" / "x.npy").write_bytes(whole[:-10])
    for cache in ("memory", "disk"):
        with pytest.raises(ValueError, match="folder of arrays.*bytes"):
            npz(path, cache=cache)


def test_a_folder_without_arrays(tmp_path):
    with pytest.raises(ValueError, match="x.npy and y.npy"):
        npz(str(tmp_path))
