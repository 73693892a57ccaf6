"""What the first line of a CSV file says, and when only loading the file can tell."""

import pytest

from kreg import csv_header
from kreg.csv_header import header, separator_of


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
        ("a|b c|d\n1|2|3\n", "|"),
    ],
)
def test_the_first_line_that_is_not_empty(table, content, separator):
    assert header(table(content), separator) == ["a", "b c", "d"]
    assert separator_of(table(content), "d") == separator
    assert separator_of(table(content), "misspelt") == separator


def test_a_byte_order_mark_is_no_part_of_a_name(table):
    assert header(table("a,b\n", "utf-8-sig"), ",") == ["a", "b"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a,a\n", b"a,,b\n", b"x" * 200_000 + b",b\n"]
)
def test_what_only_loading_can_tell_is_left_to_it(table, content):
    """Pandas names columns without a name and columns of one name; other bytes are no table."""
    assert header(table(content), ",") == []


def test_a_separator_of_several_signs_is_left_to_the_loader(table):
    assert header(table("a;;b\n"), ";;") == []


@pytest.mark.parametrize(
    ("line", "column", "separator"),
    [
        ("id,name;first,y", "y", ","),  # the sign under which the target is a column, not the most
        ("a;b,c;y", "y", ";"),
        ("a;b;y", None, ";"),
        ("y", "y", ","),
        ("", "y", ","),
    ],
)
def test_the_separator_is_the_one_that_shows_the_target(table, line, column, separator):
    assert separator_of(table(line), column) == separator


def test_a_file_longer_than_what_is_read_has_its_header_all_the_same(table, monkeypatch):
    monkeypatch.setattr(csv_header, "LONGEST", 20)
    path = table("a;b\n" + "1;2\n" * 100)
    assert (separator_of(path, "b"), header(path, ";")) == (";", ["a", "b"])
    assert header(table("a_very_long_name;another_one\n1;2\n"), ";") == []
