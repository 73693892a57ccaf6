"""What a `.keras` file claims is held against it before Keras opens it."""

import io
import zipfile

import h5py
import keras
import pytest

import kreg
from kreg.foreign import keras_file
from kreg.foreign.content import DamagedError


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model as Keras saves it, by the name of its members."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    model.save(path)
    keras_file.check(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path, members, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def weights(**options) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("vars/0", **options)
    return buffer.getvalue()


def test_a_good_file_is_loaded(tmp_path, saved):
    model = kreg.load_model(written(tmp_path / "good.keras", saved))
    assert model.count_params() == 14


@pytest.mark.parametrize("options", [
    {"shape": (10**10,), "dtype": "f4", "chunks": (1024,)},
    {"shape": (10**9, 10), "dtype": "f8", "chunks": True, "fillvalue": 1.0},
], ids=str)  # fmt: skip
def test_weights_that_are_not_there_are_not_made(tmp_path, saved, options):
    members = saved | {"model.weights.h5": weights(**options)}
    with pytest.raises(DamagedError, match="claims"):
        kreg.load_model(written(tmp_path / "bomb.keras", members))


def test_weights_in_another_file_are_not_followed(tmp_path, saved):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["vars/0"] = h5py.ExternalLink("/etc/hostname", "x")
    with pytest.raises(DamagedError, match="another file"):
        keras_file.check(
            written(tmp_path / "a.keras", saved | {"model.weights.h5": buffer.getvalue()})
        )
    other = weights(shape=(3,), dtype="f4", external=[("/etc/hostname", 0, 12)])
    with pytest.raises(DamagedError, match="another file"):
        keras_file.check(written(tmp_path / "b.keras", saved | {"model.weights.h5": other}))


@pytest.mark.parametrize("config", [b"{", b"[" * 9999, b""])
def test_a_damaged_configuration_is_a_sentence(tmp_path, saved, config):
    with pytest.raises(DamagedError):
        keras_file.check(written(tmp_path / "a.keras", saved | {"config.json": config}))


def test_no_archive_is_a_sentence(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(DamagedError, match="no Keras file"):
        kreg.load_model(tmp_path / "a.keras")
