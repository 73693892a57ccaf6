"""A CSV text in blocks is the text as a whole; a row that does not fit keeps its place."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kreg.foreign import csv_blocks
from kreg.foreign.content import DamagedError

HEADER = ["a", "b"]


def read(text: str, size: int, header=HEADER) -> Iterator[csv_blocks.Rows]:
    return csv_blocks.blocks(csv_blocks.lines(io.StringIO(text, newline="")), header, ",", size)


def cells(text: str, size: int) -> list[list[str]]:
    whole = "".join(block.text for block in read(text, size))
    return list(csv.reader(io.StringIO(whole, newline="")))


CELL = st.text(st.sampled_from('ab1,"\n '), max_size=4).map(str.lstrip)


@given(st.lists(st.tuples(CELL, CELL), max_size=12), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_blocks_of_any_size_are_the_rows_of_the_whole(rows, size):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    found = list(read(file.getvalue(), size))
    assert sum(block.rows for block in found) == len(rows)
    assert not any(block.reasons for block in found)
    assert cells(file.getvalue(), size) == [list(row) for row in rows]


def test_rows_that_do_not_fit_keep_their_place_with_a_reason():
    text = 'x,1\ny\n"z, and",2,3\n\na,b\r\nlast,4'
    (block,) = read(text, 100)
    assert block.reasons == {
        1: "1 cell, and the header has 2",
        2: "3 cells, and the header has 2",
        3: "the header again",
    }
    assert block.rows == 5 and block.blank == 1
    assert cells(text, 100) == [["x", "1"], ["", ""], ["", ""], ["", ""], ["last", "4"]]
    assert cells(text, 2) == cells(text, 100)


def test_tabs_alone_are_a_row_of_empty_cells():
    (block,) = csv_blocks.blocks(iter(["\t\n", "\n"]), HEADER, "\t", 5)
    assert (block.rows, block.blank) == (1, 1)


def test_what_never_ends_is_refused():
    with pytest.raises(DamagedError, match="a line has more than"):
        list(read("x" * (csv_blocks.LONGEST + 1), 5))
    endless = 'a,"' + "b\n" * 200_000
    with pytest.raises(DamagedError, match="it is no CSV text"):
        list(read(endless, 5))


def test_bytes_that_are_no_text_are_a_sentence():
    file = io.TextIOWrapper(io.BytesIO(b"a,b\n\xff\xfe,1\n"), encoding="utf-8")
    with pytest.raises(DamagedError, match="no text of UTF-8"):
        list(csv_blocks.blocks(csv_blocks.lines(file), HEADER, ",", 5))
