"""A file of test rows, or a column that says the split: nothing is dealt out by chance."""

import numpy as np
import pandas as pd
import pytest

from kreg.data import Splitting, assemble
from kreg.data.sources import csv_parquet


@pytest.fixture
def written(tmp_path):
    def write(frame: pd.DataFrame, name="own.csv", **options) -> str:
        frame.to_csv(tmp_path / name, index=False, **options)
        return str(tmp_path / name)

    return write


def table(rows=100, start=0, labels=("a", "b", "c")) -> pd.DataFrame:
    size = np.arange(start, start + rows) * 1.5
    return pd.DataFrame({"size": size, "colour": np.resize(["red", "blue"], rows),
                         "y": np.resize(labels, rows)})  # fmt: skip


def sizes(data, split: str) -> list[float]:
    """The column `size` of a split, as it stood in the file."""
    column = data.preprocessing.numeric[0]
    return (data.splits[split].x[:, 0] * column["scale"] + column["mean"]).tolist()


def test_the_test_rows_are_those_of_their_file(written):
    """The test has two of three classes, in another order, and another separator."""
    path = written(table())
    own = written(table(20, 100, labels=("c", "b")), "test.csv", sep=";")
    data = assemble(csv_parquet.csv(path, "y", test_path=own))
    assert data.sizes == {"train": 85, "validation": 15, "test": 20}
    assert sizes(data, "test") == pytest.approx([1.5 * i for i in range(100, 120)], rel=1e-5)
    assert data.test.y.tolist() == [2, 1] * 10 and data.class_names == ["a", "b", "c"]
    assert data.preprocessing.numeric[0]["mean"] < 75, "fitted on the training rows alone"


def test_a_parquet_file_of_test_rows(tmp_path):
    pytest.importorskip("pyarrow")
    table().to_parquet(tmp_path / "a.parquet")
    table(20, 100).to_parquet(tmp_path / "b.parquet")
    raw = csv_parquet.parquet(
        str(tmp_path / "a.parquet"), "y", test_path=str(tmp_path / "b.parquet")
    )
    assert assemble(raw).sizes["test"] == 20


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "val", "test", "train"], (50, 25, 25)),
        (["Training", "VALID", "testing", "dev"], (25, 50, 25)),
        (["train", "train", "train", "test"], (64, 11, 25)),
        (["train", "validation"], (50, 50, 0)),
    ],
)
def test_a_column_says_the_split_and_is_no_feature(written, words, expected):
    part = np.resize(words, 100)
    data = assemble(csv_parquet.csv(written(table().assign(part=part)), "y", split="part"))
    assert tuple(data.sizes.values()) == expected
    assert not any("part" in name for name in data.feature_names)
    own = 1.5 * np.flatnonzero(np.isin(part, ["test", "testing"]))
    assert sizes(data, "test") == pytest.approx(own.tolist(), rel=1e-5)


def test_train_size_and_seed_change_no_row_of_the_other_splits(written):
    part = np.resize(["train", "val", "test", "train"], 100)
    path = written(table().assign(part=part))
    one, two = (
        assemble(csv_parquet.csv(path, "y", split="part"), Splitting(seed=seed, train_size=size))
        for seed, size in ((0, None), (1, 30))
    )
    assert len(two.train) == 30 and one.validation.y.tolist() == two.validation.y.tolist()


def test_a_test_file_and_a_column_of_validation_rows(written):
    path = written(table().assign(part=np.resize(["train", "val"], 100)))
    own = written(table(20, 100), "test.csv")
    data = assemble(csv_parquet.csv(path, "y", split="part", test_path=own))
    assert data.sizes == {"train": 50, "validation": 50, "test": 20}


WRONG = {
    "another word": ({"part": "later"}, {"split": "part"}, None, "'later'. It stands in row 1"),
    "a gap": ({"part": None}, {"split": "part"}, None, "'missing'"),
    "no such column": ({}, {"split": "part"}, None, "data.split"),
    "both": ({"part": "test"}, {"split": "part"}, table(20), "has test rows"),
    "no label": ({}, {}, table(20).drop(columns="y"), "lacks the column 'y'"),
    "no column": ({}, {}, table(20).drop(columns="size"), "lacks the column 'size'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_splits_that_cannot_be_meant_are_sentences(written, case):
    columns, options, own, sentence = WRONG[case]
    path = written(table().assign(**columns))
    if own is not None:
        options = {**options, "test_path": written(own, "test.csv")}
    with pytest.raises(ValueError, match=sentence):
        csv_parquet.csv(path, "y", **options)


def test_folds_of_rows_whose_split_is_said_are_refused(written):
    path = written(table().assign(part=np.resize(["train", "val"], 100)))
    with pytest.raises(ValueError, match="the source says the validation rows"):
        assemble(csv_parquet.csv(path, "y", split="part"), Splitting(folds=5))
