"""What is found in a table's first line, and when only loading the table can tell."""

import pytest

from kreg.config.data_checks import columns_are_there, header, package_is_installed
from kreg.data.options import CsvOptions, TfdsOptions


@pytest.fixture
def table(tmp_path):
    def write(content, encoding="utf-8"):
        path = tmp_path / "own.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a,b c,d\n1,2,3\n", ","),
        ("\n  \na, b c,d\r\n1,2,3\r\n", ","),
        ('"a";"b c";d', ";"),
        ("a\tb c\td\n", "\t"),
    ],
)
def test_the_first_line_that_is_not_empty(table, content, separator):
    assert header(table(content), separator) == ["a", "b c", "d"]


def test_a_byte_order_mark_is_no_part_of_a_name(table):
    assert header(table("a,b\n", "utf-8-sig"), ",") == ["a", "b"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a,a\n", b"a,,b\n", b"x" * 200_000 + b",b\n"]
)
def test_what_only_loading_can_tell_is_left_to_it(table, content):
    """Pandas names columns without a name and columns of one name; other bytes are no table."""
    assert header(table(content), ",") == []
    columns_are_there(CsvOptions(path=table(content), target="b"))


def test_a_separator_of_several_signs_is_left_to_the_loader(table):
    assert header(table("a;;b\n"), ";;") == []


def test_every_named_column_is_looked_for(table):
    path = table("size,rich,day\n1,2,3\n")
    columns_are_there(CsvOptions(path=path, target="rich", time="day", drop=["size"]))
    with pytest.raises(ValueError, match=r"data.drop.*Did you mean 'size'"):
        columns_are_there(CsvOptions(path=path, target="rich", drop=["sise"]))


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'kreg\[tfds\]'"):
        package_is_installed(TfdsOptions())
