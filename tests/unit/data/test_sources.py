"""Arrays, image folders, Keras's sets, IDX files, synthetic truths; and names made safe."""

import gzip
import os
import sys
import types

import numpy as np
import pytest
from PIL import Image

from kreg.data import Raw, Splitting, assemble, epoch_stream
from kreg.data.assembly import safe, safe_all
from kreg.data.options import KINDS
from kreg.data.sources import idx, keras_datasets, synthetic
from kreg.data.sources.image_folder import image_folder
from kreg.data.sources.npz import npz
from kreg.factories import data as build


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        return str(tmp_path / "set.npz")

    return save


X = np.random.default_rng(0).standard_normal((60, 3))
Y = np.arange(60) % 3

# --- npz ------------------------------------------------------------------------------------


def test_arrays(saved):
    data = assemble(npz(saved(X=X, y=Y, feature_names=np.array([b"a", b"b", b"c"]))))
    assert (data.task, data.outputs, data.feature_names) == ("classification", 3, ["a", "b", "c"])


def test_arrays_with_their_own_test_rows(saved):
    data = assemble(npz(saved(x_train=X, y_train=Y, x_test=X[:10], y_test=Y[:10])))
    assert data.sizes == {"train": 51, "validation": 9, "test": 10}


def test_arrays_of_images(saved):
    images = np.random.default_rng(0).integers(0, 255, (60, 5, 4), np.uint8)
    data = assemble(npz(saved(x=images, y=Y)))
    assert data.is_image and data.input_shape == (5, 4, 1) and data.train.x.dtype == np.uint8


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_columns_without_names_are_called_as_in_scikit_learn(saved, cache):
    raw = npz(saved(x=X, y=Y), cache=cache)
    assert assemble(raw).feature_names == raw.reading["names"] == ["x0", "x1", "x2"]
    assert assemble(npz(saved(x=X, y=Y, feature_names=["a", "b", "c"]))).feature_names[0] == "a"


def test_columns_of_arrays_with_gaps_or_of_the_users_own_function_have_names_too(saved):
    gaps = np.where(np.arange(60)[:, None] == 3, np.nan, X)
    assert assemble(npz(saved(x=gaps, y=Y))).feature_names[0] == "x0"
    own = Raw("own", X.astype("float32"), Y, "classification", class_names=["0", "1", "2"])
    assert assemble(own).feature_names == ["x0", "x1", "x2"]


def test_coded_categories_and_gaps(saved):
    x = np.column_stack([np.arange(60.0), np.arange(60) % 2])
    x[3, 1] = np.nan
    coded = {"is_categorical": np.array([False, True]), "categories": ["null", '["no", "yes"]']}
    data = assemble(npz(saved(x=x, y=Y, feature_names=["n", "c"], **coded)))
    assert set(data.feature_names) >= {"n", "c=no", "c=yes"}


def test_a_float_target_is_a_regression(saved):
    data = assemble(npz(saved(x=X, y=X[:, :2])))
    assert (data.task, data.outputs, data.train.y.shape[1]) == ("regression", 2, 2)


def test_named_columns_group_and_order(saved):
    path = saved(x=X, y=Y, person=np.repeat(np.arange(20), 3), day=np.arange(60))
    assert npz(path, group="person").group is not None
    assert assemble(npz(path, time="day")).sizes["test"] == 9
    with pytest.raises(ValueError, match="Did you mean 'person'"):
        npz(path, group="persn")


ONE_HOT = np.eye(3, dtype=int)[Y]
CODINGS = {  # y, y_test, options -> the classes, and the codes of the first three rows
    "from 0": (Y, Y[:9], {}, "012"),
    "from 1": (Y + 1, Y[:9] + 1, {}, "123"),
    "from 1, a class fails in the test": (Y + 1, np.resize(Y[:2] + 1, 9), {}, "123"),
    "a column": (Y[:, None], Y[:9, None], {}, "012"),
    "any numbers": (np.array([10, 20, 35])[Y], np.array([10, 20, 35])[Y[:9]], {}, "10 20 35"),
    "words": (np.array(["a", "b", "c"])[Y], np.array(["a", "b", "c"])[Y[:9]], {}, "abc"),
    "bytes": (np.array([b"a", b"b", b"c"])[Y], np.array([b"a", b"b", b"c"])[Y[:9]], {}, "abc"),
    "one-hot": (ONE_HOT, ONE_HOT[:9], {}, "012"),
    "one-hot floats": (ONE_HOT.astype(float), ONE_HOT[:9], {}, "012"),
    "one-hot test alone": (Y, ONE_HOT[:9], {}, "012"),
    "one-hot training alone": (ONE_HOT, Y[:9], {}, "012"),
    "one-hot, named": (ONE_HOT, ONE_HOT[:9], {"class_names": ["a", "b", "c"]}, "abc"),
    "ids, named": (Y, Y[:9], {"class_names": ["c", "b", "a"]}, "cba"),
    "words, named in their order": (
        np.array(["c", "b", "a"])[Y], np.array(["c", "b", "a"])[Y[:9]],
        {"class_names": ["c", "b", "a"]}, "cba",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CODINGS)
def test_labels_of_any_coding_are_the_same_classes_in_both_files(saved, case):
    """S1, S13: labels 1..N had an accuracy of 0.08 on their own test rows; one-hot was refused."""
    y, own, further, names = CODINGS[case]
    data = assemble(npz(saved(x_train=X, y_train=y, x_test=X[:9], y_test=own, **further)))
    assert data.class_names == (names.split() if " " in names else list(names))
    assert (data.task, data.outputs) == ("classification", 3)
    assert data.test.y[:2].tolist() == [0, 1] and set(data.train.y) == {0, 1, 2}


WRONG_CODINGS = {
    "a class that was never trained": (Y, Y[:9] + 1, {}, "y_test holds 3, which is none of .*0, 1"),
    "numbers beside words": (np.array(["a", "b", "c"])[Y], Y[:9], {}, "y_test holds 0, which"),
    "from 1, named": (Y + 1, Y[:9] + 1, {"class_names": ["a", "b", "c"]}, "y holds 3, which"),
    "numbers in columns": (2 - ONE_HOT, ONE_HOT[:9], {}, r"no columns of 0 and 1.* \[1, 2, 2\]"),
}


@pytest.mark.parametrize("case", WRONG_CODINGS)
def test_labels_that_nobody_can_match_are_a_sentence(saved, case):
    y, own, further, sentence = WRONG_CODINGS[case]
    with pytest.raises(ValueError, match=sentence):
        npz(saved(x_train=X, y_train=y, x_test=X[:9], y_test=own, **further))


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"a": X}, "no array named x or x_train; it has a"),
        ({"x": X}, "no array named y"),
        ({"x": X[:, 0], "y": Y}, "must be a table or images"),
        ({"x": np.array([{}], object), "y": Y}, "cannot be used as an npz archive"),
    ],
)
def test_wrong_arrays_are_sentences(saved, arrays, sentence):
    with pytest.raises(ValueError, match=sentence):
        npz(saved(**arrays))


def test_a_bomb_is_refused(saved, monkeypatch):
    monkeypatch.setattr("kreg.data.sources.array_files.MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="it unpacks to"):
        npz(saved(x=X, y=Y))


def test_a_file_that_is_no_archive(tmp_path):
    (tmp_path / "no.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be used"):
        npz(str(tmp_path / "no.npz"))


# --- image folder ---------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(12):
            pixels = generator.integers(0, 255, (6, 5, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i:02d}.png")
    return tmp_path


def test_images_are_decoded_lazily_and_exactly(folder):
    data = assemble(image_folder(str(folder)))
    assert (data.class_names, data.input_shape, data.task) == (["cat", "dog"], (6, 5, 3), "binary")
    first = data.train.x.paths[0]
    assert np.array_equal(data.train.x[[0]][0], np.asarray(Image.open(first)))
    assert len(data.train.in_memory().x) == len(data.train)


def test_the_stream_reads_the_same_pixels(folder):
    train = assemble(image_folder(str(folder))).train
    pixels = {bytes(image): label for image, label in zip(train.in_memory().x, train.y)}
    seen = 0
    for x, y in epoch_stream(train, batch_size=4, seed=0, epochs=1):
        assert x.shape[1:] == (6, 5, 3)
        seen += sum(pixels[bytes(image)] == label for image, label in zip(x.numpy(), y.numpy()))
    assert seen == len(train)


def test_sizes_that_differ_are_refused_unless_resized(folder):
    Image.new("RGB", (9, 9)).save(folder / "cat" / "big.png")
    with pytest.raises(ValueError, match=r"images of 2 sizes.*data.size=\[height,width\]"):
        image_folder(str(folder))
    assert assemble(image_folder(str(folder), size=[4, 4])).input_shape == (4, 4, 3)


def test_grey_images(folder):
    assert assemble(image_folder(str(folder), channels=1)).input_shape == (6, 5, 1)


def test_train_and_test_folders(tmp_path):
    for part in ("train", "test"):
        for name in ("a", "b"):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(8):
                image = Image.new("L", (3, 3), i * 20 + 5 * (part == "test") + (name == "a"))
                image.save(tmp_path / part / name / f"{i}.png")
    data = assemble(image_folder(str(tmp_path), channels=1), Splitting(validation=0.25))
    assert data.sizes == {"train": 12, "validation": 4, "test": 16}


@pytest.mark.parametrize(
    ("to", "told"), [("cat", "also training rows"), ("dog", "noise that no model can learn")]
)
def test_a_copied_file_is_memory_and_in_another_class_noise(folder, to, told):
    for i in range(12):
        (folder / to / f"copy{i}.png").write_bytes((folder / "cat" / f"{i:02d}.png").read_bytes())
    assert told in " ".join(assemble(image_folder(str(folder))).warnings)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    Image.new("RGB", (5, 6)).save(outside)
    (folder / "cat" / "link.png").symlink_to(outside)
    with pytest.raises(ValueError, match=r"link.png is a link that leaves"):
        image_folder(str(folder))


def test_a_linked_class_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    Image.new("RGB", (5, 6)).save(outside / "secret.png")
    (folder / "elk").symlink_to(outside)
    with pytest.raises(ValueError, match="is a link that leaves"):
        image_folder(str(folder))


def test_images_beyond_the_limit_are_refused_by_their_header(folder):
    with pytest.raises(ValueError, match="5 x 6 pixels; at most 10"):
        image_folder(str(folder), max_pixels=10)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n broken"])
def test_a_file_that_is_no_image_is_named(folder, content):
    (folder / "dog" / "bad.png").write_bytes(content)
    with pytest.raises(ValueError, match="bad.png is not an image"):
        image_folder(str(folder))


def test_folders_without_classes_or_images(tmp_path, folder):
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no image"):
        image_folder(str(folder))
    with pytest.raises(ValueError, match="at least two classes"):
        image_folder(str(folder / "cat"))
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="Unpack the archive yourself"):
        image_folder(str(tmp_path / "a.zip"))


# --- ready-made sets ------------------------------------------------------------------------


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    with gzip.open(path, "wb") as file:
        file.write(header + array.tobytes())


@pytest.fixture
def idx_home(tmp_path, monkeypatch):
    home = tmp_path / "mnist"
    home.mkdir()
    for part, rows in (("train", 50), ("t10k", 20)):
        images = np.random.default_rng(0).integers(0, 255, (rows, 28, 28), np.uint8)
        write_idx(home / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(home / f"{part}-labels-idx1-ubyte.gz", (np.arange(rows) % 10).astype(np.uint8))
    monkeypatch.setenv("KREG_DATA", str(tmp_path))
    return home


def test_idx_files_are_read_before_keras_is_asked(idx_home):
    data = assemble(keras_datasets.images("mnist"), Splitting(validation=0.4))
    assert data.sizes == {"train": 30, "validation": 20, "test": 20}
    assert data.input_shape == (28, 28, 1)


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\x08", b"\0\0\x0d\x01\0\0\0\x01a", b"\0\0\x08\x01\0\0\0\x09abc"]
)
def test_broken_idx_files_are_sentences(tmp_path, content):
    (tmp_path / "f-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match="IDX|truncated"):
        idx.read(tmp_path / "f-ubyte")


def test_a_truncated_gzip_is_a_sentence(idx_home):
    path = idx_home / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="cannot be read"):
        idx.read(path)


def offline(**options):
    raise Exception("URL fetch failure")


def test_offline_is_one_sentence_that_says_where_to_put_the_files(monkeypatch):
    import keras

    monkeypatch.delenv("KREG_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", "/somewhere/.keras")
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", offline)
    with pytest.raises(OSError, match="py-target_archive, into /somewhere/.keras/datasets"):
        keras_datasets.images("cifar10")


def test_reviews_become_bags_of_words(monkeypatch):
    import keras

    reviews = np.array([[1, 4, 7, 4], [1, 2, 5]] * 20, dtype=object)
    sets = (reviews, np.array([0, 1] * 20))
    monkeypatch.setattr(keras.datasets.imdb, "load_data", lambda num_words: (sets, sets))
    raw = keras_datasets.imdb(words=10)
    assert raw.x[0].nonzero()[0].tolist() == [4, 7] and raw.x.shape == (40, 10)


def test_tfds_without_its_package_is_a_sentence(monkeypatch):
    from kreg.data.sources.tfds import tfds

    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install kreg\[tfds\]"):
        tfds("mnist")


def test_tfds_pairs(monkeypatch):
    from kreg.data.sources.tfds import tfds

    images = np.random.default_rng(0).integers(0, 255, (40, 4, 4, 1), np.uint8)
    label = types.SimpleNamespace(names=["no", "yes"])
    fake = types.SimpleNamespace(
        load=lambda *a, **k: (
            {"train": (images, np.arange(40) % 2), "test": (images[:8], np.arange(8) % 2)},
            types.SimpleNamespace(features={"label": label}),
        ),
        as_numpy=lambda pair: pair,
    )
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", fake)
    data = assemble(tfds("toy:1.0.0"))
    assert (data.name, data.task, data.is_image, data.sizes["test"]) == ("toy", "binary", True, 8)


# --- synthetic ------------------------------------------------------------------------------


def test_the_sparse_teacher_is_what_it_says():
    raw = synthetic.sparse_teacher(rows=4000, features=12, informative=3, noise=0.0)
    weights = np.linalg.lstsq(raw.x, raw.y, rcond=None)[0]
    true = [name.startswith("true") for name in raw.feature_names]
    np.testing.assert_allclose(np.abs(weights), np.array(true, float), atol=1e-10)


def test_correlation_falls_off_as_its_powers():
    x = synthetic.sparse_teacher(rows=40_000, features=4, informative=1, correlation=0.7).x
    np.testing.assert_allclose(np.corrcoef(x.T)[0], 0.7 ** np.arange(4), atol=0.02)


def test_more_informative_columns_than_columns():
    with pytest.raises(ValueError, match="informative"):
        synthetic.sparse_teacher(features=3, informative=4)


def test_double_descent_has_unit_signal():
    raw = synthetic.double_descent(rows=20_000, noise=0.5)
    assert raw.y.var() == pytest.approx(1.25, rel=0.4)


# --- names and the table of kinds -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\0b\nc", "a_b_c"),
        ("<script>", "_script_"),
        (" .hidden", "hidden"),
        ("", "unnamed"),
        ("x" * 999, "x" * 64),
        ("\u202eevil", "_evil"),
        ("Köln", "Köln"),
    ],
)
def test_names_are_made_safe(name, expected):
    assert safe(name) == expected


def test_safe_names_stay_different():
    assert safe_all(["a/b", "a:b", "a_b"]) == ["a_b", "a_b (2)", "a_b (3)"]


@pytest.mark.parametrize("kind", ["digits", "breast_cancer", "wine", "diabetes", "synthetic"])
def test_the_table_builds_what_ships_with_the_package(kind):
    data = build.load(KINDS[kind](), seed=0)
    assert KINDS[kind].images == data.is_image and data.sizes["train"] > 0


@pytest.mark.skipif("KREG_DATA" not in os.environ, reason="needs KREG_DATA")
def test_fashion_mnist_from_its_files():
    data = build.load(KINDS["fashion_mnist"](validation=5 / 60), seed=0)
    assert data.sizes == {"train": 55_000, "validation": 5_000, "test": 10_000}


def test_lazy_images_are_arrays_where_numpy_wants_them(folder):
    train = assemble(image_folder(str(folder))).train
    assert np.array_equal(np.asarray(train.x), train.in_memory().x)
    assert len(train.spread(5)) == 5


@pytest.mark.parametrize(
    ("shape", "told"),
    [((60, 3, 8, 8), True), ((60, 1, 8, 8), True), ((60, 8, 8, 3), False), ((60, 3, 3, 3), False)],
)
def test_channels_that_seem_to_come_first_are_told(saved, shape, told):
    x = np.zeros(shape, np.uint8)
    raw = npz(saved(x=x, y=np.resize([0, 1], 60)))
    assert told == any("store x.transpose(0, 2, 3, 1)" in sentence for sentence in raw.warnings)
