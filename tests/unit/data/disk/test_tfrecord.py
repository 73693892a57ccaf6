"""TFRecord files, as TensorFlow writes them: the same table as in Parquet, and what is refused."""

import struct

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kreg.config import data_checks, data_columns
from kreg.data import Splitting, assemble, epoch_stream, steps_per_epoch
from kreg.data.options import TfrecordOptions
from kreg.data.sources.csv_parquet import parquet
from kreg.data.sources.tfrecord import tfrecord
from kreg.foreign import checksums, example_file, framed_file

ROWS, FILES = 120, 3


def rows_of(seed, rows=ROWS):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": draw.normal(size=rows).astype("float32")})
    frame["count"] = draw.integers(-(10**12), 10**12, rows)
    frame["word"] = draw.choice(["red", "grün", "blue"], rows)
    frame["gap"] = np.where(draw.random(rows) < 0.2, np.nan, draw.normal(size=rows).astype("f4"))
    for i in range(3):
        frame[f"x_{i}"] = draw.normal(size=rows).astype("float32")
    frame["y"] = np.where(frame["a"] + draw.normal(size=rows) > 0, "yes", "no")
    return frame


def feature(values):
    """A feature of TensorFlow's, of whatever kind the values are."""
    first = values[0] if len(values) else 0
    if isinstance(first, bytes | str):
        told = [v.encode() if isinstance(v, str) else v for v in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=told))
    if isinstance(first, float | np.floating):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(v) for v in values]))


def example(**features):
    found = {name: feature(values) for name, values in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=found)).SerializeToString()


def records(frame):
    """The rows; a gap is a feature that is absent, three columns are one feature."""
    for _, row in frame.iterrows():
        one = {name: [row[name]] for name in ("a", "count", "word", "y")}
        one |= {} if np.isnan(row["gap"]) else {"gap": [row["gap"]]}
        yield example(**one, x=[row[f"x_{i}"] for i in range(3)])


def write(path, found):
    with tf.io.TFRecordWriter(str(path)) as file:
        for record in found:
            file.write(record)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The same rows as TFRecord and as Parquet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for kind in ("records", "table"):
        (tmp_path / kind).mkdir()
    for seed in range(FILES):
        write(tmp_path / "records" / f"part-{seed}.tfrecord", records(rows_of(seed)))
        rows_of(seed).to_parquet(tmp_path / "table" / f"part-{seed}.parquet", index=False)
    return tmp_path


def sorted_names(data):
    return sorted(data.feature_names)


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_it_is_the_table_that_parquet_holds(folder, cache):
    ours = tfrecord(str(folder / "records"), "y", cache=cache)
    theirs = parquet(str(folder / "table"), "y", cache=cache)
    assert ours.name == "records" and ours.task == theirs.task == "binary"
    assert ours.class_names == theirs.class_names and np.array_equal(ours.y, theirs.y)
    assert "the feature 'x' is read as the 3 columns x_0 to x_2" in ours.warnings[-1]
    ours, theirs = (assemble(raw, Splitting(seed=1)) for raw in (ours, theirs))
    if cache == "memory":  # on the disk a row's split goes by the name of its file
        assert ours.sizes == theirs.sizes
        order = [theirs.feature_names.index(name) for name in ours.feature_names]
        assert np.array_equal(ours.train.x, theirs.train.x[:, order])
    assert sorted_names(ours) == sorted_names(theirs)
    assert "gap missing" in ours.feature_names and "word=grün" in ours.feature_names


def test_an_epoch_is_a_function_of_the_seed_and_may_begin_anywhere(folder):
    path = str(folder / "records" / "part-*.tfrecord")
    data = assemble(tfrecord(path, "y", cache="disk"), Splitting(seed=1))

    def batches(first, count):
        stream = epoch_stream(data.train, batch_size=16, seed=5, first_epoch=first)
        return [x.numpy() for _, (x, _) in zip(range(count), stream, strict=False)]

    steps = steps_per_epoch(len(data.train), 16)
    two, second = batches(0, 2 * steps), batches(1, steps)
    assert all(np.array_equal(a, b) for a, b in zip(two[steps:], second, strict=True))
    assert not np.array_equal(two[0], second[0])


def test_whole_numbers_stay_exact_and_dropped_features_are_not_looked_at(tmp_path):
    found = [example(y=[i % 2], big=[2**53 + i], odd=[1] * (i + 1)) for i in range(30)]
    raw = tfrecord(str(write(tmp_path / "t.tfrecord", found)), "y", drop=["odd"])
    assert raw.x["big"].tolist() == [2**53 + i for i in range(30)] and list(raw.x) == ["big"]
    with pytest.raises(ValueError, match="data.drop"):
        tfrecord(str(tmp_path / "t.tfrecord"), "y", drop=["odd", "even"])


def test_the_columns_are_known_before_tensorflow_starts(folder):
    path = str(folder / "records" / "part-*.tfrecord")
    cfg = TfrecordOptions(path=path, target="y")
    assert data_columns.columns(cfg) == ["a", "count", "gap", "word", "x_0", "x_1", "x_2", "y"]
    with pytest.raises(ValueError, match="data.target"):
        data_checks.check_data(TfrecordOptions(path=path, target="z"))


def test_checksums_are_those_of_tensorflow(tmp_path):
    found = [b"", b"a", b"x" * 500, bytes(range(256)) * 3, b"x" * 499]
    path = write(tmp_path / "t.tfrecord", found)
    kept = list(framed_file.records(path))
    assert [record.data for record in kept] == found
    assert framed_file.count(path) == len(found)
    assert checksums.masked(found).tolist() == [record.checksum for record in kept]


def flipped(path):
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 1  # of the last record
    path.write_bytes(raw)


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


SEQUENCE = tf.train.SequenceExample(
    feature_lists=tf.train.FeatureLists(
        feature_list={"s": tf.train.FeatureList(feature=[feature([1])])}
    )
).SerializeToString()
PLAIN = [example(y=[float(i)], a=[i]) for i in range(40)]

BAD = {
    "no records": ([b"\xff\xff\xff"], "record 1 is no tf.train.Example"),
    "sequences": ([SEQUENCE], "record 1 is a SequenceExample"),
    "another length": ([*PLAIN, example(y=[1.0], a=[1, 2])], "2 whole numbers in record 41"),
    "another kind": ([*PLAIN, example(y=[1.0], a=[0.5])], "'a' is 1 floats in record 41"),
    "a picture": ([example(y=[1], p=[b"\xff\xd8\xff\xe0"])] * 9, "'p' is a JPEG picture in rec"),
    "bytes": ([example(y=[1], p=[b"\xfe\xfe"])] * 9, "'p' is no text in record 1"),
    "two of a name": ([example(y=[1], a=[1, 2], a_1=[3])], "two columns are called 'a_1'"),
    "no target": ([*PLAIN, example(a=[1])], r"bad.tfrecord: row 41 has no value in the target 'y'"),
    "infinite": ([*PLAIN, example(y=[1.0], a=[1], b=[np.inf])], "infinite"),
}  # fmt: skip


@pytest.mark.parametrize("cache", ["memory", "disk"])
@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_a_sentence_with_the_file(case, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found, sentence = BAD[case]
    path = write(tmp_path / "bad.tfrecord", found)
    with pytest.raises(ValueError, match=sentence) as told:
        tfrecord(str(path), "y", cache=cache)
    assert "bad" in str(told.value) and "Traceback" not in str(told.value)


@pytest.mark.parametrize(
    ("harm", "sentence"), [(flipped, "record 40 is damaged"), (cut, "ends within")]
)
def test_damage_is_found(harm, sentence, tmp_path):
    path = write(tmp_path / "t.tfrecord", PLAIN)
    harm(path)
    with pytest.raises(ValueError, match=rf"t.tfrecord: .*({sentence})"):
        tfrecord(str(path), "y")


def test_a_feature_that_comes_late_is_named_with_its_file(tmp_path):
    late = [*PLAIN, example(y=[1.0], a=[1], new=[2])]
    path = write(tmp_path / "t.tfrecord", late)
    known = example_file.features(path, 40)
    with pytest.raises(ValueError, match="record 41 has the feature 'new'"):
        list(example_file.blocks(path, known, 1000))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"a": [1], "y": [1.0], "b": [1]}, "b.tfrecord has the column 'b', which a.tfrecord lacks"),
        ({"y": [1.0]}, "b.tfrecord lacks the column 'a'"),
        ({"a": [0.5], "y": [1.0]}, "b.tfrecord: the feature 'a' is 1 floats in its first records"),
        ({"a": [1, 2], "y": [1.0]}, "b.tfrecord: the feature 'a' is 2 whole numbers"),
    ],
)
def test_files_that_differ_are_refused(other, sentence, tmp_path):
    write(tmp_path / "a.tfrecord", PLAIN)
    write(tmp_path / "b.tfrecord", [example(**other)] * 5)
    with pytest.raises(ValueError, match=sentence):
        tfrecord(str(tmp_path), "y")


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_parts_may_be_numbered_and_empty(cache, tmp_path, monkeypatch):
    """As TensorFlow Datasets names them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    folder.mkdir()
    for part, found in enumerate([PLAIN, [], PLAIN]):
        write(folder / f"set-train.tfrecord-0000{part}-of-00003", found)
    raw = tfrecord(str(folder), "y", cache=cache)
    assert len(raw.y) == 80
    assert any("set-train.tfrecord-00001-of-00003 has no rows" in w for w in raw.warnings)
    alone = write(tmp_path / "none.tfrecord", [])
    with pytest.raises(ValueError, match="no rows"):
        tfrecord(str(alone), "y", cache=cache)


def test_a_length_beyond_the_file_is_no_request_for_memory(tmp_path):
    path = tmp_path / "t.tfrecord"
    path.write_bytes(struct.pack("<QI", 2**62, 0) + b"abc")
    with pytest.raises(ValueError, match="ends within a record"):
        tfrecord(str(path), "y")
