"""Columns and types that are named must be in the table, which says so before it is loaded."""

import gzip

import pytest

from kreg.config.data_checks import (
    check_data,
    columns_are_there,
    package_is_installed,
    tables_are_unpacked,
)
from kreg.data.options import CsvOptions, TfdsOptions, TfrecordOptions


@pytest.fixture
def table(tmp_path):
    def write(content, encoding="utf-8"):
        path = tmp_path / "own.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(path)

    return write


def test_what_only_loading_can_tell_is_left_to_it(table):
    columns_are_there(CsvOptions(path=table("a,a\n"), target="b"))


@pytest.mark.parametrize("separator", ["auto", ";"])
def test_columns_between_semicolons_are_found(table, separator):
    path = table("size;rich;day\n1;2;3\n")
    columns_are_there(CsvOptions(path=path, target="rich", separator=separator))
    with pytest.raises(ValueError, match=r"data.target.*Did you mean 'rich'"):
        columns_are_there(CsvOptions(path=path, target="ritch", separator=separator))


@pytest.mark.parametrize(
    ("types", "sentence"),
    [
        ({"size": "numbr"}, "data.types.size.*Did you mean 'number'"),
        ({"sise": "number"}, "data.types.*Did you mean 'size'"),
        ({"rich": "drop"}, "no drop of the target"),
    ],
)
def test_a_type_that_is_none_is_a_sentence(table, types, sentence):
    options = CsvOptions(path=table("size,rich\n1,2\n"), target="rich", types=types)
    with pytest.raises(ValueError, match=sentence):
        check_data(options)
    check_data(CsvOptions(path=options.path, target="rich", types={"size": "%d/%m/%Y"}))


def test_every_named_column_is_looked_for(table):
    path = table("size,rich,day\n1,2,3\n")
    columns_are_there(CsvOptions(path=path, target="rich", time="day", drop=["size"]))
    with pytest.raises(ValueError, match=r"data.drop.*Did you mean 'size'"):
        columns_are_there(CsvOptions(path=path, target="rich", drop=["sise"]))


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'kreg\[tfds\]'"):
        package_is_installed(TfdsOptions())


WRONG_TARGETS = {
    "a misspelt one of several": ({"target": ["rich", "sise"]}, "data.target.*mean 'size'"),
    "no sign": ({"label_separator": ""}, "a sign such as"),
    "a sign for several": ({"target": ["rich", "size"], "label_separator": "|"}, "one column"),
    "a sign for numbers": ({"label_separator": "|", "task": "regression"}, "auto where"),
    "a target that is left out": (
        {"target": ["rich", "size"], "types": {"size": "drop"}}, "no drop of the target"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_TARGETS)
def test_targets_that_cannot_be_meant_are_sentences(table, case):
    changed, sentence = WRONG_TARGETS[case]
    path = table("size,rich,day\n1,2,3\n")
    with pytest.raises(ValueError, match=sentence):
        check_data(CsvOptions(**{"path": path, "target": "rich", **changed}))
    check_data(CsvOptions(path=path, target=["rich", "size"]))
    check_data(CsvOptions(path=path, target="rich", label_separator="|"))


@pytest.mark.parametrize("kind", [CsvOptions, TfrecordOptions])
@pytest.mark.parametrize("key", ["path", "test_path"])
def test_a_packed_table_is_refused_before_tensorflow_starts(table, tmp_path, kind, key):
    """As a target is that is no column: with the exit code of a wrong configuration."""
    packed = tmp_path / "own.tfrecord"  # TensorFlow's writer has an option GZIP
    packed.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    options = {"path": table("a,b\n1,2\n"), "target": "b", key: str(packed)}
    with pytest.raises(ValueError, match=rf"data.{key}.*gzip archive: unpack"):
        tables_are_unpacked(kind(**options))
    with pytest.raises(ValueError, match="an unpacked file"):
        check_data(kind(**options))
