"""CSV and Parquet: mixed columns fitted on training rows, targets understood, mistakes told."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kreg.data import Splitting, assemble, table
from kreg.data.preprocessing import Columns
from kreg.data.sources import csv_parquet


def mixed(rows=200, seed=0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": generator.integers(18, 80, rows),
            "height": generator.normal(170, 10, rows),
            "town": generator.choice(["Ulm", "Bonn", "Köln", None], rows),
            "member": generator.choice([True, False], rows),
            "income": generator.choice(["low", "high"], rows),
        }
    )
    frame.loc[frame.index[::7], "height"] = np.nan
    return frame


@pytest.fixture
def written(tmp_path):
    def write(frame, name="table.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


def test_columns_equal_scikit_learns_pipeline():
    """Parity: median, indicator, scale and levels are those of scikit-learn's own transformers."""
    frame = mixed().drop(columns=["income", "member"])
    train, unseen = frame[:120], frame[120:]
    ours = Columns.fit(train)(unseen)
    theirs = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [0, 1]),
            ("m", SimpleImputer(strategy="constant", fill_value="missing"), []),
        ]
    ).fit(train)
    levels = OneHotEncoder(handle_unknown="ignore").fit(train[["town"]].fillna("missing"))
    expected = np.hstack(
        [
            theirs.transform(unseen),
            unseen[["height"]].isna(),
            levels.transform(unseen[["town"]].fillna("missing")).toarray(),
        ]
    )
    np.testing.assert_allclose(ours, expected.astype(np.float32), rtol=1e-6, atol=1e-6)


def test_the_encoder_survives_json():
    import json

    frame = mixed().drop(columns="income")
    columns = Columns.fit(frame)
    again = Columns.from_dict(json.loads(json.dumps(columns.to_dict())))
    assert again.names == columns.names
    assert np.array_equal(again(frame), columns(frame))


def test_what_a_run_keeps_turns_new_rows_into_the_same_inputs(written):
    import json

    from kreg.data import preprocessing

    raw = csv_parquet.csv(written(mixed()), "income")
    data = assemble(raw)
    saved = json.loads(json.dumps(data.to_dict()))
    again = preprocessing.from_dict(saved["preprocessing"])
    assert np.array_equal(again(raw.x), data.preprocessing(raw.x))
    assert saved["feature_names"] == data.feature_names and saved["sizes"] == data.sizes


def test_rare_and_unseen_levels_share_a_column():
    train = pd.DataFrame({"c": ["a"] * 10 + ["b"] * 5 + ["x", "y", "z"]})
    columns = Columns.fit(train, max_categories=3)
    assert columns.names == ["c=a", "c=b", "c=other"]
    rows = columns(pd.DataFrame({"c": ["b", "x", "never seen"]}))
    assert rows.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_rare_levels_that_share_a_column_are_counted(tmp_path):
    """The codes are numbers: only data.types says that they are categories."""
    codes = [94110, 10001, *range(60601, 60631)]
    frame = pd.DataFrame({"zip": np.resize(codes, 400), "y": np.resize(["no", "yes", "no"], 400)})
    frame.to_csv(tmp_path / "own.csv", index=False)

    def data(**more):
        return assemble(csv_parquet.csv(tmp_path / "own.csv", "y", **more))

    told = data(types={"zip": "category"}, max_categories=12).warnings
    assert any("the 21 rarest categories of column 'zip' share one feature" in s for s in told)
    whole = data(types={"zip": "category"})
    assert whole.input_shape == (32,) and set(np.unique(whole.train.x)) == {0, 1}
    assert not any("rarest" in sentence for sentence in whole.warnings)
    assert data().input_shape == (1,)


def test_without_rare_levels_an_unseen_one_is_all_zero():
    columns = Columns.fit(pd.DataFrame({"c": ["a", "b"] * 5}))
    assert columns(pd.DataFrame({"c": ["q"]})).tolist() == [[0, 0]]


def test_a_table_that_lacks_a_column_is_refused():
    columns = Columns.fit(mixed()[["age", "town"]])
    with pytest.raises(ValueError, match=r"lacks the columns \['town'\]"):
        columns(mixed()[["age"]])


def test_a_csv_with_strings_and_gaps(written):
    raw = csv_parquet.csv(written(mixed()), "income")
    data = assemble(raw)
    assert (data.task, data.class_names, data.outputs) == ("binary", ["high", "low"], 1)
    assert "town=Köln" in data.feature_names and "height missing" in data.feature_names
    assert data.input_shape == (len(data.feature_names),)
    assert all(np.isfinite(s.x).all() for s in data.splits.values())


def test_statistics_come_from_the_training_rows_alone(written):
    frame = mixed()
    data = assemble(csv_parquet.csv(written(frame), "income"))
    rows = data.preprocessing.numeric[0]
    assert rows["name"] == "age" and rows["mean"] != pytest.approx(frame["age"].mean(), abs=1e-9)


def test_question_marks_and_spaces_mean_missing(tmp_path):
    path = tmp_path / "t.csv"
    lines = [f"{i}, {'?' if i % 3 else 'a'}, {i % 2}" for i in range(60)]
    path.write_text("n, c, y\n" + "\n".join(lines))
    raw = csv_parquet.csv(str(path), "y")
    assert raw.x["c"].isna().sum() == 40 and list(raw.x.columns) == ["n", "c"]


def test_parquet_equals_csv(written, tmp_path):
    pytest.importorskip("pyarrow")
    frame = mixed()
    frame.to_parquet(tmp_path / "t.parquet")
    one = assemble(csv_parquet.parquet(str(tmp_path / "t.parquet"), "income"))
    two = assemble(csv_parquet.csv(written(frame), "income"))
    assert one.feature_names == two.feature_names
    np.testing.assert_allclose(one.train.x, two.train.x, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["a", "b"] * 50, "binary", ["a", "b"]),
        ([True, False] * 50, "binary", ["False", "True"]),
        ([0, 1, 2, 1] * 25, "classification", ["0", "1", "2"]),
        (list(range(100)), "regression", []),
        ([0.5, 1.5] * 50, "regression", []),
    ],
)
def test_the_task_is_seen_in_the_target(values, task, classes):
    frame = pd.DataFrame({"x": np.arange(100.0), "y": values})
    raw = table.from_frame(frame, "y", name="t")
    assert (raw.task, raw.class_names) == (task, classes)


def test_whole_numbers_may_be_a_regression():
    frame = pd.DataFrame({"x": np.arange(100.0), "y": [0, 1, 2, 3] * 25})
    assert table.from_frame(frame, "y", name="t", task="regression").task == "regression"


def test_groups_are_kept_together_and_are_no_feature(written):
    frame = mixed().assign(person=np.repeat(np.arange(40), 5))
    raw = csv_parquet.csv(written(frame), "income", group="person")
    data = assemble(raw, Splitting())
    assert "person" not in data.feature_names and len(data.train) % 5 == 0


def test_rows_without_a_group_are_one_group_and_said_so(written):
    frame = mixed().assign(person=np.repeat(np.arange(40.0), 5))
    frame.loc[:9, "person"] = np.nan
    data = assemble(csv_parquet.csv(written(frame), "income", group="person"))
    assert any("10 rows have no value in 'person'; they stay together" in w for w in data.warnings)


def test_dates_order_the_rows(written):
    frame = mixed().assign(day=pd.date_range("2026-01-01", periods=200)[::-1].astype(str))
    data = assemble(csv_parquet.csv(written(frame), "income", time="day"))
    assert "day" not in data.feature_names
    expected = frame["income"].map({"high": 0, "low": 1}).to_numpy()[:30][::-1]
    assert data.test.y.tolist() == expected.tolist()


def test_an_identifier_is_left_out_and_said_so(written):
    frame = mixed().assign(ticket=[f"T{i}" for i in range(200)])
    data = assemble(csv_parquet.csv(written(frame), "income"))
    assert not any("ticket" in name for name in data.feature_names)
    assert any("'ticket' differs in every row" in sentence for sentence in data.warnings)


def comments(rows=200):
    """Of five words each, every tenth a second time."""
    return [f"the room was number {i - i % 10 // 9} again" for i in range(rows)]


def test_free_text_is_refused_and_what_its_user_says_is_done(written):
    path = written(mixed().assign(comment=comments()))
    with pytest.raises(
        ValueError, match=r"'comment' holds free text: 180 .* data.drop=\[comment\]"
    ):
        csv_parquet.csv(path, "income")
    assert "comment" not in csv_parquet.csv(path, "income", drop=["comment"]).x
    assert "comment" in csv_parquet.csv(path, "income", types={"comment": "category"}).x


@pytest.mark.parametrize(
    "cells",
    [
        [f"a long name of a level {i % 20}" for i in range(200)],  # few of them differ
        [f"{i - i % 10 // 9} Long Road" for i in range(200)],  # an address has few words
        [None] * 190 + comments(10),  # too few cells to tell
    ],
)
def test_long_names_of_levels_are_no_free_text(written, cells):
    path = written(mixed().assign(where=cells))
    assert "where" in csv_parquet.csv(path, "income").x


WRONG = {
    "no such target": (lambda f: f, {"target": "incomes"}, "Did you mean 'income'"),
    "no such group": (lambda f: f, {"group": "persn"}, "data.group"),
    "no such time": (lambda f: f, {"time": "when"}, "data.time"),
    "no such drop": (lambda f: f, {"drop": ["agee"]}, "data.drop"),
    "no rows": (lambda f: f[:0], {}, "no rows"),
    "gaps in the target": (lambda f: f.assign(income=[None, *f.income[1:]]), {}, "1 rows have no"),
    "text as regression": (lambda f: f, {"task": "regression"}, "holds text"),
    "only the target": (lambda f: f[["income"]], {}, "no feature column"),
    "infinite": (lambda f: f.assign(age=np.inf), {}, "'age' holds infinite"),
    "gaps in time": (lambda f: f, {"time": "height"}, "missing values"),
    "no dates": (lambda f: f.assign(d="x"), {"time": "d"}, "neither numbers nor dates"),
    "too many classes": (
        lambda f: pd.DataFrame({"a": range(2000), "income": [f"c{i}" for i in range(2000)]}),
        {},
        "2000 classes",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_sentences(name, written):
    change, options, sentence = WRONG[name]
    options = {"target": "income", **options}
    with pytest.raises(ValueError, match=sentence):
        csv_parquet.csv(written(change(mixed())), options.pop("target"), **options)


def test_a_file_that_is_no_table(tmp_path):
    for name, content in {"a": b"", "b": b"\xff\xfe\x00", "c": b'"1,2\n3'}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError):
            csv_parquet.csv(str(tmp_path / name), "y")


def test_archives_and_pickles_are_refused(tmp_path):
    frame = mixed()
    frame.to_csv(tmp_path / "t.csv.gz")
    frame.to_csv(tmp_path / "disguised.csv", compression="zip")
    frame.to_pickle(tmp_path / "t.pkl")
    for name, sentence in {
        "t.csv.gz": "gzip archive: unpack",
        "disguised.csv": "zip archive: unpack",
        "t.pkl": "A pickle can run code",
    }.items():
        with pytest.raises(ValueError, match=sentence):
            csv_parquet.csv(str(tmp_path / name), "income")


def test_an_address_is_no_file():
    with pytest.raises(ValueError, match="a path that exists"):
        csv_parquet.csv("https://example.org/table.csv", "y")


def test_a_gap_in_rows_with_two_cells_too_many_is_a_sentence(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n1,2,3,NA\n1,2,3,1\n1,2,3,0\n")
    with pytest.raises(
        ValueError, match="1 rows have no value in the target 'y': 'NA' .* in row 1"
    ):
        csv_parquet.csv(str(tmp_path / "t.csv"), "y")
