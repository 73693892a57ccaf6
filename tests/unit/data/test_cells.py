"""Cells as people write them: each row is a cell, a column or a table, and what it must become."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from kreg.data import Splitting, assemble, cells, column_types, preprocessing
from kreg.data.sources import csv_parquet

NAN = float("nan")

# --- one cell: the text, read with a decimal point, read with a decimal comma ---------------------

NUMBERS = [
    ("7", 7, 7),
    ("-7", -7, -7),
    ("−7", -7, -7),
    ("1,163", 1163, 1.163),
    ("1.163", 1.163, 1163),
    ("1,163,500.25", 1163500.25, NAN),
    ("1.163.500,25", NAN, 1163500.25),
    ("12,34,567", 1234567, NAN),
    ("1 163.5", 1163.5, NAN),
    ("1\u00a0163,5", NAN, 1163.5),
    ("1'163", 1163, 1163),
    ("0,125", NAN, 0.125),
    ("1,16", NAN, 1.16),
    (".5", 0.5, NAN),
    ("5.", 5, NAN),
    ("1e-3", 0.001, 0.001),
    ("5.2%", 0.052, NAN),
    ("5,2 %", NAN, 0.052),
    ("$12.50", 12.5, NAN),
    ("-$12.50", -12.5, NAN),
    ("$-12.50", -12.5, NAN),
    ("($1,200)", -1200, -1.2),
    ("12 EUR", 12, 12),
    ("EUR12", 12, 12),
    ("1.200,50 €", NAN, 1200.5),
    ("unknown", NAN, NAN),
    ("-", NAN, NAN),
    ("#VALUE!", NAN, NAN),
    ("(12", NAN, NAN),
    ("12)", NAN, NAN),
    ("12 kg", NAN, NAN),
    ("3+", NAN, NAN),
    ("1/2", NAN, NAN),
    ("2024-12-31", NAN, NAN),
    ("31.12.2024", NAN, NAN),
    ("192.168.0.1", NAN, NAN),
    ("A1", NAN, NAN),
    ("12 EURO", NAN, NAN),
    ("nan", NAN, NAN),
    ("", NAN, NAN),
]


@pytest.mark.parametrize(("text", "point", "comma"), NUMBERS)
def test_a_cell_is_a_number_or_none(text, point, comma):
    found = [cells.number(text, notation) for notation in (cells.POINT, cells.COMMA)]
    assert found == pytest.approx([point, comma], rel=1e-12, nan_ok=True)


# --- one column: its cells, its values (None: categories), words of the sentence ----------------

DAY = 20088  # 31 December 2024 in days since 1970
COUNT = [str(i) for i in range(1, 40)]
COLUMNS = {
    "thousands": (["1,163", "987"], [1163, 987], "'1,163' is 1163"),
    "per cents": (["5.2%", "10%"], [0.052, 0.1], "'5.2%' is 0.052"),
    "dollars": (["$12.50", "$3"], [12.5, 3], "'$12.50' is 12.5"),
    "decimal commas": (["1,5", "1.163,25"], [1.5, 1163.25], "'1,5' is 1.5"),
    "a word": ([*COUNT, "unknown"], [*range(1, 40), NAN], "'unknown' (1 cell, the first in row 40"),
    "a dash": ([*COUNT, "-"], [*range(1, 40), NAN], "'-' (1 cell"),
    "levels with a plus": (["0", "1", "2"] * 20 + ["3+"], None, "'3+' (1 cell"),
    "half words": (["1", "2", "low", "high"], None, ""),
    "words": (["red", "green"], None, ""),
    "ISO dates": (["2024-12-31", "2024-12-30"], [DAY, DAY - 1], "is in 2024-12-31"),
    "time stamps": (["2024-12-31 12:00:00", "2024-12-31 00:00:00"], [DAY + 0.5, DAY], "2024-12-31"),
    "day first": (["31/12/2024", "01/02/2024"], [DAY, 19754], "'31/12/2024' is in 2024-12-31"),
    "month first": (["12/31/2024", "02/01/2024"], [DAY, 19754], "'12/31/2024' is in 2024-12-31"),
    "German dates": (["31.12.2024", "01.02.2024"], [DAY, 19754], "is in 2024-12-31"),
    "named months": (["31 Dec 2024", "01 Feb 2024"], [DAY, 19754], "is in 2024-12-31"),
    "dates and a gap": (["2024-12-31", None], [DAY, NAN], "is in 2024-12-31"),
    "seasons": (["1999-00", "2000-01"], None, ""),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_a_column_is_numbers_or_categories(case):
    texts, values, sentence = COLUMNS[case]
    frame = pd.DataFrame({"c": texts})
    found = column_types.understand(frame, {}, untyped=True)
    assert sentence in " ".join(found.sentences) and bool(sentence) == bool(found.sentences)
    if values is None:
        assert found.frame["c"].tolist() == texts and not found.notations
    else:
        np.testing.assert_allclose(found.frame["c"], values, rtol=1e-12)


REFUSED = {
    "two currencies": (["$12", "€12"], {}, r"mixes currencies: '\$12' and '€12'"),
    "days or months": (["01/02/2024", "03/04/2024"], {}, "'01/02/2024' and every other date may"),
    "no number": (["red", "green"], {"c": "number"}, "cannot be read as number: 'red' in row 1"),
    "no date": (["2024-12-31", "soon"], {"c": "date"}, "cannot be read as date: 'soon' in row 2"),
    "another date": (["2024-12-31"], {"c": "%d/%m/%Y"}, "read as %d/%m/%Y: '2024-12-31' in row 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_column_that_nobody_can_read_is_a_sentence(case):
    texts, types, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=sentence):
        column_types.understand(pd.DataFrame({"c": texts}), types, untyped=True)


TYPES = {
    "number": (["0", "1", "3+"], [0, 1, NAN]),
    "category": (["0", "1", "2"], ["0", "1", "2"]),
    "%d/%m/%Y": (["01/02/2024", "03/04/2024"], [19754, 19816]),
    "%m/%d/%Y": (["02/01/2024", "04/03/2024"], [19754, 19816]),
    "%Y%m%d": ([20240201, 20240403], [19754, 19816]),
    "date": (["2024-02-01", "2024-04-03"], [19754, 19816]),
}


@pytest.mark.parametrize("wanted", TYPES)
def test_a_type_that_is_said_is_kept(wanted):
    texts, values = TYPES[wanted]
    found = column_types.understand(pd.DataFrame({"c": texts}), {"c": wanted}, untyped=True)
    expected = pd.Series(values, dtype=object if wanted == "category" else float, name="c")
    pd.testing.assert_series_equal(found.frame["c"], expected)


def test_text_of_a_typed_file_stays_text_unless_every_cell_is_written_as_a_number():
    """Parquet: who stored codes as text meant text; nobody stores `$5` as anything else."""
    frame = pd.DataFrame({"code": [*COUNT, "V27"], "zip": COUNT + ["01234"], "fee": ["$5"] * 40})
    found = column_types.understand(frame, {}, untyped=False)
    assert list(found.notations) == ["fee"]


# --- one file: what stands in it, options; what the inputs are, or the sentence -------------------

SIZES = np.random.default_rng(0).permutation(np.linspace(1, 9, 300).round(3))
COLOURS = np.resize(["red", "green", "blue"], 300)
LABELS = (SIZES > 5).astype(int)


def lines(sizes=SIZES, separator=",", labels=LABELS, header=("size", "colour", "y")) -> list[str]:
    rows = zip(sizes, COLOURS, labels, strict=True)
    return [separator.join(header), *(separator.join(map(str, row)) for row in rows)]


@pytest.fixture
def read(tmp_path):
    def read(rows, target="y", **options):
        (tmp_path / "own.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return csv_parquet.csv(str(tmp_path / "own.csv"), target, **options)

    return read


def with_word(word: str, row: int = 7) -> list[str]:
    found = lines()
    found[row] = ",".join([word, *found[row].split(",")[1:]])
    return found


FILES = {
    "as it should be": (lines(), {}, None),
    "a word": (with_word("unknown"), {}, "'unknown' (1 cell, the first in row 7)"),
    "a spreadsheet's error": (with_word("#VALUE!"), {}, "'#VALUE!' (1 cell"),
    "semicolons": (lines(separator=";"), {}, None),
    "tabs": (lines(separator="\t"), {}, None),
    "bars": (lines(separator="|"), {}, None),
    "decimal commas": (
        lines([str(size).replace(".", ",") for size in SIZES], separator=";"), {}, "read as numbers"
    ),
    "dollars": (lines([f"${size}" for size in SIZES]), {}, "read as numbers"),
    "per cents": (lines([f"{size}%" for size in SIZES]), {}, "read as numbers"),
    "the header again": ([*lines()[:100], *lines()], {}, "the header stands again in row 100"),
    "a separator at the end": ([lines()[0], *(row + "," for row in lines()[1:])], {}, None),
    "row names without a header": (
        [lines()[0], *(f"row {i},{row}" for i, row in enumerate(lines()[1:]))], {}, "rows' names"
    ),
    "an index without a name": (
        ["," + lines()[0], *(f"{i},{row}" for i, row in enumerate(lines()[1:]))], {},
        "'Unnamed: 0' counts the rows; left out",
    ),
    "an id": (
        ["id," + lines()[0], *(f"{i + 1},{row}" for i, row in enumerate(lines()[1:]))], {},
        "'id' counts the rows; left out",
    ),
    "dropped by its type": (
        ["w," + lines()[0], *(f"{i % 7},{row}" for i, row in enumerate(lines()[1:]))],
        {"types": {"w": "drop"}}, None,
    ),
    "words that are missing": (with_word("none yet"), {"missing": ["none yet"]}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_trains_as_the_clean_one_does(read, case):
    """S2: accuracy fell from 0.93 to 0.47, as `unknown` made a column of each number."""
    rows, options, sentence = FILES[case]
    data = assemble(read(rows, **options), Splitting())
    names = [name for name in data.feature_names if name != "size missing"]
    assert names == ["size", "colour=blue", "colour=green", "colour=red"]
    model = LogisticRegression(C=100).fit(data.train.x, data.train.y)
    assert model.score(data.test.x, data.test.y) > 0.93
    assert (sentence or "") in " ".join(data.warnings)
    assert sentence or not [w for w in data.warnings if "is read" in w or "left out" in w]


TARGETS = {
    "NA among countries": (np.resize(["DE", "NA", "US"], 300), "100 rows .* 'NA'.*first in row 2"),
    "None among grades": (np.resize(["None", "mild", "severe"], 300), r"data.missing=\[''\]"),
    "an empty one": ([*LABELS[:-1], ""], r"1 rows have no value .* ''.*row 300\). Remove them.$"),
    "a word among numbers": ([*SIZES[:-1], "unknown"], "'y' holds numbers, but also 'unknown'"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_cannot_be_meant_is_a_sentence_with_its_cell(read, case):
    labels, sentence = TARGETS[case]
    with pytest.raises(ValueError, match=sentence):
        read(lines(labels=labels))


@pytest.mark.parametrize(("name", "cell"), [("NA", "NA"), ("None", "None")])
def test_what_is_missing_can_be_said(read, name, cell):
    raw = read(lines(labels=np.resize([cell, "other"], 300)), missing=[""])
    assert raw.class_names == sorted([name, "other"])


WRITTEN_TARGETS = {
    "thousands": ([f'"{1000 + i:,}"' for i in range(300)], 1000.0, "'1,000' is 1000"),
    "dollars": ([f"${i}.50" for i in range(300)], 0.5, "'$0.50' is 0.5"),
}


@pytest.mark.parametrize("case", WRITTEN_TARGETS)
def test_a_target_may_be_written_as_text(read, case):
    labels, first, sentence = WRITTEN_TARGETS[case]
    raw = read(lines(labels=labels))
    assert (raw.task, raw.y[0]) == ("regression", first) and sentence in raw.warnings[0]


def test_few_texts_stay_classes_though_they_are_numbers(read):
    raw = read(lines(labels=np.resize(["5%", "10%"], 300)))
    assert raw.class_names == ["10%", "5%"]


def test_the_rows_can_be_ordered_by_dates_with_the_day_first(read):
    days = pd.date_range("2024-01-01", periods=300)[::-1].strftime("%d/%m/%Y")
    raw = read(lines(days, header=("day", "colour", "y")), time="day")
    assert (np.diff(raw.time) == -1).all()


def test_new_rows_are_read_as_the_training_rows_were(read):
    """The notation is kept with the run: text cells of a new table become the same inputs."""
    rows = lines([f'"{1000 * size:,.1f}"' for size in SIZES])
    data = assemble(read(rows))
    fitted = preprocessing.from_dict(json.loads(json.dumps(data.to_dict()))["preprocessing"])
    new = pd.DataFrame({"size": ["1,000.0", "unknown"], "colour": ["red", "blue"]})
    mean, scale = (fitted.numeric[0][key] for key in ("mean", "scale"))
    assert fitted(new)[0, 0] == pytest.approx((1000 - mean) / scale)
    assert np.isfinite(fitted(new)).all()


def test_columns_of_one_name_are_told_and_a_target_among_them_is_refused(read):
    twice = lines(header=("size", "size", "y"))
    assert "as 'size', 'size.1'" in read(twice).warnings[0]
    with pytest.raises(ValueError, match="two columns are called 'y'"):
        read(lines(header=("size", "y", "y")))


def test_whole_numbers_as_categories_lose_the_point_that_a_gap_gave_them():
    column = cells.as_categories(pd.Series([1.0, NAN, 2.0]))
    assert column.tolist()[::2] == ["1", "2"] and pd.isna(column[1])
