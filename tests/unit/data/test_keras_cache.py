"""Keras's own loaders on a cache in the formats that they read; only hashes are waived."""

import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from kreg.data.sources import keras_datasets

# Keras reads KERAS_HOME when it is imported: a test can only move the name that it reads later
HOME = "keras.src.backend.config._KERAS_DIR"
HASH = "keras.src.utils.file_utils.validate_file"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder `datasets` of an empty Keras home whose files are taken as genuine."""
    monkeypatch.delenv("KREG_DATA", raising=False)
    monkeypatch.setattr(HOME, str(tmp_path))
    monkeypatch.setattr(HASH, lambda *a, **k: True)
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def pack(archive, members):
    """A `.tar.gz` of pickles, as CIFAR comes."""
    with tarfile.open(archive, "w:gz") as tar:
        for name, value in members.items():
            content = pickle.dumps(value, protocol=4)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def batch(rows, key=b"labels"):
    """Rows whose red, green and blue planes are 1, 2, 3 and whose first pixel is the row number."""
    planes = np.repeat(np.array([1, 2, 3], np.uint8), 1024)[None].repeat(rows, axis=0)
    planes[:, 0] = np.arange(rows)
    return {b"data": planes, key: list(range(rows))}


def test_cifar100_keeps_rows_channels_and_names(cache):
    folder = "cifar-100-python"
    train, test = batch(100, b"fine_labels"), batch(7, b"fine_labels")
    pack(
        cache / "cifar-100-python-target_archive",
        {f"{folder}/train": train, f"{folder}/test": test},
    )
    raw = keras_datasets.images("cifar100")
    assert raw.x.shape == (100, 32, 32, 3) and raw.x.dtype == np.uint8
    assert raw.x[5, 0, 0].tolist() == [5, 2, 3] and raw.x[5, 9, 9].tolist() == [1, 2, 3]
    assert raw.y.tolist() == list(range(100)) and raw.test[0].shape == (7, 32, 32, 3)
    assert [raw.class_names[i] for i in (0, 23, 49, 99)] == ["apple", "cloud", "mountain", "worm"]
    assert len(set(raw.class_names)) == 100 and raw.class_names == sorted(raw.class_names)


def test_cifar10_keeps_its_batches_in_order(cache):
    folder, files = "cifar-10-batches-py", {}
    for i in range(1, 6):  # one row, which NumPy spreads over the 10,000 of a batch
        one = batch(1)
        files[f"{folder}/data_batch_{i}"] = {b"data": one[b"data"] + i, b"labels": [i]}
    files[f"{folder}/test_batch"] = batch(10)
    pack(cache / "cifar-10-batches-py-target_archive", files)
    raw = keras_datasets.images("cifar10")
    assert raw.x.shape == (50_000, 32, 32, 3) and raw.test[0].shape == (10, 32, 32, 3)
    assert raw.y[::10_000].tolist() == [1, 2, 3, 4, 5]
    assert raw.x[::10_000, 1, 1, 2].tolist() == [4, 5, 6, 7, 8]
    assert raw.test[1].tolist() == list(range(10)) and raw.class_names[8] == "ship"


def test_imdb_words_are_counted_from_keras_index(cache):
    reviews = np.empty(4, object)
    reviews[:] = [[1, 2], [3], [1, 6], [99]]
    np.savez(
        cache / "imdb.npz",
        x_train=reviews,
        y_train=[0, 1, 0, 1],
        x_test=reviews,
        y_test=[0, 1, 0, 1],
    )
    raw = keras_datasets.imdb(words=10)
    found = sorted((row.nonzero()[0].tolist(), int(y)) for row, y in zip(raw.x, raw.y))
    # three is added to each word; 99 + 3 is none of the ten most frequent
    assert found == [([], 1), ([4, 5], 0), ([4, 9], 0), ([6], 1)]
    assert raw.class_names == ["negative", "positive"] and len(raw.test[1]) == 4


class Payload:
    """What a pickle can do where anything may be unpickled."""

    def __reduce__(self):
        return os.mkdir, ("hacked",)


def test_a_pickle_that_would_run_code_is_refused_by_keras(cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = {**batch(2, b"fine_labels"), b"more": Payload()}
    members = {"cifar-100-python/train": bad, "cifar-100-python/test": bad}
    pack(cache / "cifar-100-python-target_archive", members)
    with pytest.raises(OSError, match="UnpicklingError"):
        keras_datasets.images("cifar100")
    reviews = np.array([Payload()], object)
    np.savez(cache / "imdb.npz", x_train=reviews, y_train=[0], x_test=reviews, y_test=[0])
    with pytest.raises(OSError, match="UnpicklingError"):
        keras_datasets.imdb()
    assert not (tmp_path / "hacked").exists()


def test_a_file_with_another_hash_is_not_opened(cache, monkeypatch):
    """Keras fetches it anew; without a network that is the sentence on where to put it."""
    monkeypatch.undo()
    monkeypatch.delenv("KREG_DATA", raising=False)
    monkeypatch.setattr(HOME, str(cache.parent))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", no_network)
    np.savez(cache / "imdb.npz", x_train=np.array([Payload()], object))
    with pytest.raises(OSError, match="neither cached nor could it be downloaded"):
        keras_datasets.imdb()


def no_network(*arguments):
    raise OSError("no network")
