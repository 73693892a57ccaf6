"""The state file: what went in comes out, or a sentence; never a half file, never pickle."""

import json
import zipfile

import numpy as np
import pytest

from kreg import archive
from kreg.runs import DamagedError, StateFile


def state(epoch=1, value=1.0):
    return {
        "epoch": epoch,
        "variables": {
            "model": [np.full((2, 3), value, np.float32), np.arange(2, dtype=np.uint32)],
            "optimizer": [np.int64(4)],
        },
        "callbacks": [
            {"best": float("-inf"), "wait": 3, "curve": [1.5, 2.0], "name": "é", "t": (1,)}
        ],
        "history": {"loss": [0.5], "none": None, "yes": True},
    }


def equal(one, two) -> bool:
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[k], two[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(two) and len(one) == len(two) and all(map(equal, one, two))
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.shape == two.shape and (one == two).all()
    return one == two


def test_round_trip(tmp_path):
    store = StateFile(tmp_path / "state")
    store.write(state())
    read = store.read()
    expected = state()
    expected["variables"]["optimizer"] = [4]
    assert equal(expected, read)


def test_half_precision_survives(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.arange(4).astype(ml_dtypes.bfloat16)
    store = StateFile(tmp_path)
    store.write({"epoch": 1, "variables": {"a": array}})
    read = store.read()["variables"]["a"]
    assert read.dtype == array.dtype and read.tobytes() == array.tobytes()


def test_nothing_saved_reads_as_none(tmp_path):
    assert StateFile(tmp_path / "missing").read() is None


def test_a_state_within_an_epoch_comes_after_the_epochs_before_it(tmp_path):
    store = StateFile(tmp_path)
    store.write(state(9))
    store.write(state(9) | {"batch": 12})
    assert [path.stem for path in store.generations()] == [
        "epoch_000009_batch_000000012", "epoch_000009"
    ]  # fmt: skip
    assert (store.read()["epoch"], store.read()["batch"]) == (9, 12)
    store.discard_after(9)
    assert "batch" not in store.read()
    store.write(state(9) | {"batch": 7})
    store.write(state(10))
    assert store.read()["epoch"] == 10 and len(store.generations()) == 2


def test_two_generations_are_kept_and_the_newest_is_read(tmp_path):
    store = StateFile(tmp_path)
    for epoch in (1, 2, 3, 12):
        store.write(state(epoch))
    assert [p.name for p in store.generations()] == ["epoch_000012.npz", "epoch_000003.npz"]
    assert store.read()["epoch"] == 12


def test_the_generation_before_is_used_and_the_damage_is_told(tmp_path):
    store = StateFile(tmp_path)
    store.write(state(1))
    store.write(state(2)).write_bytes(b"0")
    told = []
    assert store.read(told.append)["epoch"] == 1
    assert len(told) == 1 and "epoch_000002.npz cannot be used" in told[0]
    store.discard_after(1)
    assert len(store.generations()) == 1


def test_never_afresh_silently(tmp_path):
    store = StateFile(tmp_path)
    store.write(state(1)).write_bytes(b"")
    with pytest.raises(ValueError, match="1 damaged. Start over with resume=never"):
        store.read()


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nothing_non_finite_reaches_the_disk(tmp_path, poison):
    store = StateFile(tmp_path)
    store.write(state(1))
    with pytest.raises(FloatingPointError, match=r"model\[0\] is not finite"):
        store.write(state(2, poison))
    assert store.read()["epoch"] == 1 and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("thing", [object(), {1: 2}, np.array([object()]), {"__array__": 0}, print])
def test_only_json_and_arrays_are_saved(tmp_path, thing):
    with pytest.raises(TypeError, match="state.thing"):
        StateFile(tmp_path).write({"epoch": 1, "thing": thing})
    assert list(tmp_path.iterdir()) == []


def foreign_files(tmp_path):
    yield "text", b"not a state"
    yield "empty", b""
    path = tmp_path / "other.npz"
    np.savez(path, a=np.ones(3))
    yield "npz of somebody else", path.read_bytes()
    np.savez(path, header=np.array([{"pickle": 1}], dtype=object), allow_pickle=True)
    yield "pickle inside", path.read_bytes()
    np.savez_compressed(path, header=np.zeros(10_000_000, np.uint8))
    yield "bomb", path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", "no header of NumPy's")
    yield "broken member", path.read_bytes()
    for header in ({}, [], {"format": "kreg-state", "version": 99}, {"format": "kreg-state"}):
        np.savez(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8))
        yield f"header {header}", path.read_bytes()


def test_foreign_files_are_refused(tmp_path):
    target = tmp_path / "epoch_000001.npz"
    for name, content in foreign_files(tmp_path):
        target.write_bytes(content)
        with pytest.raises(DamagedError):
            archive.read(target)
            pytest.fail(f"read {name}")


def test_a_renamed_file_is_refused(tmp_path):
    store = StateFile(tmp_path)
    store.write(state(1)).rename(tmp_path / "epoch_000009.npz")
    with pytest.raises(ValueError, match="No state"):
        store.read()
