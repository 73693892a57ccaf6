"""What is wrong with one of many files is a sentence that names the file and the column."""

import numpy as np
import pandas as pd
import pytest

from kreg.data.sources.csv_parquet import csv, parquet
from tests.unit.data.disk.conftest import rows_of


def changed(**columns):
    return rows_of(2).assign(**columns)


def with_cell(column, cell):
    frame = rows_of(2)
    frame[column] = frame[column].astype(object)
    frame.loc[7, column] = cell
    return frame


@pytest.mark.parametrize("cache", ["memory", "disk"])
@pytest.mark.parametrize(
    "part, words",
    [
        (rows_of(2).drop(columns="count"), ["part-2", "lacks the column 'count'", "part-0"]),
        (changed(more=1), ["part-2", "has the column 'more'", "part-0"]),
        (changed(a="text"), ["part-2", "'a' is text", "number in part-0"]),
    ],
    ids=["lacks", "has", "type"],
)
def test_other_columns_or_types(files, cache, part, words):
    with pytest.raises(ValueError) as raised:
        parquet(files(part_2=part), "y", cache=cache)
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_column_that_nobody_reads_may_differ(files):
    raw = parquet(files(part_2=changed(a="text")), "y", drop=["a"], cache="disk")
    assert "a" not in raw.x.form.names


@pytest.mark.parametrize("cache", ["memory", "disk"])
@pytest.mark.parametrize("read, ending", [(parquet, "parquet"), (csv, "csv")])
def test_an_empty_file_is_told(files, cache, read, ending):
    raw = read(files(ending, part_1=rows_of(1)[:0]), "y", cache=cache)
    assert len(raw.y) == 1500
    assert any(f"part-1.{ending} has no rows" in told for told in raw.warnings)


@pytest.mark.parametrize(
    "part, words",
    [
        (with_cell("a", "unknown"), ["part-2.csv", "'a', row 8:", "'unknown'"]),
        (with_cell("a", np.inf), ["part-2.csv", "'a', row 8", "is infinite"]),
        (with_cell("y", None), ["part-2.csv", "row 8", "no value in the target 'y'"]),
    ],
    ids=["word", "infinite", "target"],
)
def test_a_cell_that_does_not_fit(files, part, words):
    with pytest.raises(ValueError) as raised:
        csv(files("csv", part_2=part), "y", cache="disk")
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_word_is_a_gap_where_the_user_says_that_the_column_is_numbers(files):
    path = files("csv", part_2=with_cell("a", "unknown"))
    raw = csv(path, "y", cache="disk", types={"a": "number"})
    assert np.isnan(raw.x[1007][0, raw.x.form.names.index("a")])


def test_a_broken_line_is_named(files, tmp_path):
    path = files("csv")
    broken = tmp_path / "table" / "part-3.csv"
    lines = broken.read_text().splitlines()
    lines[4] += ",1"
    broken.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"part-3.csv, row 4: 9 cells, and the header has 8"):
        csv(path, "y", cache="disk")


def test_a_target_of_numbers_with_words_later_on(files):
    numbers = {f"part_{i}": rows_of(i).assign(y=np.arange(500) % 3) for i in range(4)}
    numbers["part_3"] = rows_of(3).assign(y="three")
    path = files("csv", **numbers)
    with pytest.raises(ValueError, match=r"part-3.csv: the target 'y' .* data.types=\{y: category"):
        csv(path, "y", cache="disk")
    raw = csv(path, "y", cache="disk", types={"y": "category"})
    assert raw.class_names == ["0", "1", "2", "three"]


def test_no_file_at_all(tmp_path):
    with pytest.raises(ValueError, match="a pattern of files"):
        parquet(str(tmp_path / "*.parquet"), "y")
    with pytest.raises(ValueError, match="a folder with files that end in .parquet"):
        parquet(str(tmp_path), "y")


def test_a_table_without_rows(files):
    parts = {f"part_{i}": rows_of(i)[:0] for i in range(4)}
    with pytest.raises(ValueError, match="the table has no rows"):
        parquet(files(**parts), "y", cache="disk")


def test_a_damaged_file_is_named(files, tmp_path):
    path = files()
    (tmp_path / "table" / "part-2.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ValueError, match=r"part-2.parquet is not a Parquet file"):
        parquet(path, "y", cache="disk")


def test_too_many_words(files, monkeypatch):
    monkeypatch.setattr("kreg.data.disk.form.MOST_LEVELS", 2)
    with pytest.raises(ValueError, match=r"part-0.parquet: column 'word' has more than 2 .*drop"):
        parquet(files(), "y", cache="disk")


def test_too_many_classes(files):
    parts = {
        f"part_{i}": rows_of(i).assign(y=[f"class {i} {k}" for k in range(500)]) for i in range(4)
    }
    with pytest.raises(ValueError, match="more than 1,000 different words"):
        parquet(files(**parts), "y", cache="disk")


def test_dates_of_which_one_is_none(files):
    part = changed(day=pd.NaT)
    with pytest.raises(ValueError, match="part-2.parquet: data.time: column 'day', row 1"):
        parquet(files(part_2=part), "y", cache="disk", time="day")
