"""Columns are read by their dtype; rows that cannot be used are refused in a sentence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from kreg.sklearn import rows
from kreg.sklearn.outputs import owners

DAYS = pd.to_datetime(["2024-01-01", "2024-01-03", None])


def test_columns_are_numbers_or_categories_by_their_dtype():
    frame = pd.DataFrame(
        {
            "float": [1.5, np.nan, 2.0],
            "int": pd.array([1, None, 3], "Int64"),
            "bool": [True, False, True],
            "codes": pd.Categorical([7, 8, 7]),
            "text": ["a", None, "1"],
            "objects": np.array([1, 2.5, None], object),
            "day": DAYS,
            "zone": DAYS.tz_localize("Europe/Berlin"),
            "waited": pd.to_timedelta(["12h", "1D", None]),
            "month": pd.PeriodIndex(["2024-01", "2024-02", None], freq="M"),
        }
    )
    found = rows.frame(frame, list(frame))
    numeric = ["float", "int", "bool", "objects", "day", "zone", "waited", "month"]
    assert [c for c in found if found[c].dtype == np.float64] == numeric
    assert found["int"].isna().tolist() == [False, True, False]
    assert found["objects"].tolist()[:2] == [1.0, 2.5]
    assert np.diff(found["day"])[0] == np.diff(found["zone"])[0] == 2.0
    assert found["waited"].tolist()[:2] == [0.5, 1.0]
    assert found["day"].isna().tolist() == found["month"].isna().tolist() == [False, False, True]
    assert np.diff(found["month"])[0] == 31 and found["month"][0] == found["day"][0]


def test_each_input_of_the_network_has_its_column():
    table = pd.DataFrame({"kind": ["a", "b", "a"], "size": [1.0, np.nan, 3.0], "age": [1, 2, 3]})
    frame = rows.frame(table, list(table))
    raw = rows.raw(frame, np.arange(3.0), None, None, task="regression")
    fitted = raw.preprocess(frame)
    assert owners(fitted) == ["size", "age", "size", "kind", "kind"]
    assert len(owners(fitted)) == fitted(frame).shape[1] == len(fitted.names)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (pd.DataFrame({"a": [1.0, np.inf, 2.0]}), "Column 'a' of X holds infinity"),
        (pd.DataFrame({"a": [1j, 2j, 3j]}), "Column 'a' of X is of type complex128"),
        (pd.DataFrame([[1, 2]] * 3, columns=["a", "a"]), "unique column names"),
        (pd.DataFrame({"a": [1.0]}), "1 samples"),
        (pd.DataFrame(index=range(5)), "0 columns"),
        (np.zeros((5, 2, 2, 1, 1)), "pictures"),
        (np.full((5, 2, 2), np.nan), "no missing pixels"),
        (np.zeros(5), "Reshape your data"),
    ],
)
def test_rows_that_cannot_be_used_are_a_sentence(x, sentence):
    with pytest.raises(ValueError, match=sentence):
        rows.inputs(BaseEstimator(), x, reset=True)


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (
            pd.Series(DAYS[:2]),
            r"y holds dates \(datetime64.*y.min\(\)\) / np.timedelta64\(1, 'D'\)",
        ),
        (DAYS[:2].tz_localize("UTC"), "y holds dates"),
        (np.array([1, 2], "timedelta64[h]"), "y holds lengths of time .*y / np.timedelta64"),
    ],
)
def test_a_regression_of_dates_is_refused_with_the_line_to_write(y, sentence):
    with pytest.raises(ValueError, match=sentence):
        rows.targets(BaseEstimator(), np.zeros((2, 1)), y, dtype=np.float64)
    days = (pd.Series(DAYS[:2]) - DAYS.min()) / np.timedelta64(1, "D")
    assert rows.targets(BaseEstimator(), np.zeros((2, 1)), days, dtype=np.float64)[1] == 2


def test_columns_without_names_are_called_by_their_place():
    estimator, numbered = BaseEstimator(), pd.DataFrame({0: ["a", "b", "a"], 7: [1, 2, 3]})
    assert list(rows.inputs(estimator, numbered, reset=True)) == ["x0", "x1"]
    named = BaseEstimator()
    rows.inputs(named, pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": 1}), reset=True)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert list(rows.inputs(named, np.ones((1, 2)), reset=False)) == ["a", "b"]


@pytest.mark.parametrize("kind", [object, "str", "category"])
def test_labels_of_pandas_are_labels(kind):
    labels = pd.Series(["b", "a", "b"], index=[7, 8, 9]).astype(kind)
    found = rows.targets(BaseEstimator(), np.zeros(3), labels, dtype=None)
    assert found.tolist() == ["b", "a", "b"]
    with pytest.raises(ValueError, match="Input.* contains NaN"):
        rows.targets(BaseEstimator(), np.zeros(3), labels.where(labels != "a"), dtype=None)
    with pytest.raises(ValueError, match="requires y to be passed"):
        rows.targets(BaseEstimator(), np.zeros(3), None)


def test_pictures_keep_their_bytes_and_get_a_channel():
    found = rows.inputs(BaseEstimator(), np.zeros((4, 6, 5), np.uint8), reset=True)
    assert found.shape == (4, 6, 5, 1) and found.dtype == np.uint8


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([0.0, 0.0, 0.0], "at least one non-zero number"),
        ([1.0, -1.0, 1.0], "negative"),
        ([1.0, 1.0], "shape"),
        ([[1.0]] * 3, "shape"),
        ([1.0, np.nan, 1.0], "NaN"),
    ],
)
def test_weights_that_cannot_be_used_are_a_sentence(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        rows.weights(np.zeros((3, 1)), weights)


def test_rows_of_no_weight_are_left_out():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    weight = rows.weights(frame, [1.0, 0.0, 2.0, 1.0])
    raw = rows.raw(frame, np.array([0, 1, 1, 0]), weight, None, task="classes", class_names="ab")
    assert raw.x["a"].tolist() == [1.0, 3.0, 4.0] and raw.y.tolist() == [0, 1, 0]
    assert raw.weight.tolist() == [1.0, 2.0, 1.0] and raw.task == "binary"
    with pytest.raises(ValueError, match="1 class; a classifier needs two"):
        rows.raw(frame, np.array([0, 1, 0, 0]), weight, None, task="classes", class_names="ab")


def test_what_repeats_in_a_column_of_dates_is_read_as_well():
    day = pd.Series(pd.date_range("2021-01-01", periods=900))
    table = pd.DataFrame({"size": np.arange(900.0), "day": day, "waited": day - day[0]})

    class Frame(BaseEstimator):
        """What `rows` asks of an estimator."""

    given = Frame()
    found = rows.inputs(given, table, reset=True)
    written = rows.notations(given, table)
    assert written == {"day": "ISO8601"} and rows.notations(given, table.to_numpy()) == {}
    raw = rows.raw(found, np.arange(900.0), None, None, task="regression", written=written)
    fitted = raw.preprocess(found)
    assert fitted.names[3:] == ["day month sin", "day month cos", *(
        f"day={name}" for name in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                                   "Saturday", "Sunday"))]  # fmt: skip
    assert owners(fitted)[3:] == ["day"] * 9 and fitted(found).shape == (900, 12)
