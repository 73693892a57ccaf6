"""A table's preprocessing inside the graph is the preprocessing outside of it."""

import keras
import numpy as np
import pandas as pd
import pytest

import kreg
from kreg.data.cells import ISO
from kreg.data.preprocessing import Columns
from kreg.exporting import columns
from tests.unit.exporting.test_export import ENDINGS, answered, exported, given
from tests.unit.prediction.conftest import train


def sales(rows: int, seed: int) -> pd.DataFrame:
    """More on weekends and in the evening, most in summer; some dates are missing."""
    draw = np.random.default_rng(seed)
    hours = pd.to_timedelta(draw.integers(0, 24 * 1200, rows), "h")
    day, size = pd.Series(pd.Timestamp("2020-03-01") + hours), draw.normal(100, 20, rows)
    season = np.cos(2 * np.pi * (day.dt.day_of_year - 190) / 365)
    sold = size + 50 * (day.dt.day_of_week >= 5) + 30 * season + day.dt.hour
    return pd.DataFrame({"day": day.where(draw.random(rows) > 0.1), "size": size, "sold": sold})


ROUNDING = 2.0**-23  # between neighbouring numbers of type float32, relative to them


def in_graph(fitted, frame, dtype, tmp_path):
    """The features that a graph computes, saved and loaded as plain Keras does."""
    numbers = frame.to_numpy()
    places = columns.timed(fitted.numeric) if dtype == "float32" else []
    x = keras.Input((numbers.shape[1] + len(places),), dtype=dtype)
    times = x[:, numbers.shape[1] :] if places else None
    parts = columns.numeric(x[:, : numbers.shape[1]], fitted.numeric, dtype, times)
    model = keras.Model(x, keras.layers.Concatenate(dtype="float32")(parts))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    said = again(apart(numbers, places).astype(dtype))
    return keras.ops.convert_to_numpy(said)


def apart(numbers, places):
    """Whole days in the columns of dates, and the shares of a day behind all columns."""
    whole = numbers.copy()
    whole[:, places] = np.floor(numbers[:, places])
    return np.hstack([whole, numbers[:, places] - whole[:, places]])


# in float32 a date of the 53rd year is a number of years in steps of 53 roundings
@pytest.mark.parametrize(
    ("dtype", "most"), [("float64", ROUNDING), ("float32", 53 * np.pi * ROUNDING)]
)
def test_dates_are_the_same_in_the_graph(dtype, most, tmp_path):
    frame = sales(200, 0)[["day", "size"]]
    frame["day"] = (frame["day"] - pd.Timestamp(0)) / pd.Timedelta("1D")
    fitted = Columns.fit(frame, notations={"day": ISO})
    assert len(fitted.names) == 2 + 1 + 4 + 7
    said = in_graph(fitted, frame, dtype, tmp_path)
    np.testing.assert_allclose(said, fitted(frame), rtol=ROUNDING, atol=most)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_dates_of_one_afternoon_are_told_apart(dtype, tmp_path):
    """A float32 of days since 1970 has steps of 169 seconds."""
    seconds = np.random.default_rng(0).permutation(3600) / 86400
    frame = pd.DataFrame({"at": 20000.625 + seconds, "size": seconds})
    fitted = Columns.fit(frame, notations={"at": ISO})
    said = in_graph(fitted, frame, dtype, tmp_path)
    # of standard deviation 1, from a share near 0.6
    most = 4 * ROUNDING * (0.6 / fitted.numeric[0]["scale"] if dtype == "float32" else 1)
    np.testing.assert_allclose(said, fitted(frame), atol=most)
    assert most < 1e-4


def test_seconds_since_1970_are_standardised_exactly_where_doubles_are_read(tmp_path):
    frame = pd.DataFrame({"stamp": 1.6e9 + np.arange(20.0), "size": np.arange(20.0)})
    fitted = Columns.fit(frame)
    said = in_graph(fitted, frame, "float64", tmp_path)
    np.testing.assert_allclose(said, fitted(frame), rtol=ROUNDING, atol=ROUNDING)
    with pytest.raises(ValueError, match=r"float32, in which the numbers of 'stamp' .*savedmodel"):
        columns.refuse_coarse(fitted.numeric)
    columns.refuse_coarse([one for one in fitted.numeric if one["name"] == "size"])
    columns.refuse_coarse(Columns.fit(frame.assign(stamp=1.6e9)).numeric)  # nothing to tell apart


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize("to", ENDINGS)
def test_a_table_with_dates_says_the_same_from_every_runtime(to, tmp_path):
    sales(400, 0).to_csv(tmp_path / "sales.csv", index=False)
    run = tmp_path / "run"
    train(
        run, "data=csv", f"data.path={tmp_path}/sales.csv", "data.target=sold", "model=shallow",
        "trainer.epochs=6",
    )  # fmt: skip
    model, told = exported(run, to, tmp_path)
    rows = sales(60, 1)
    wanted = kreg.load_run(run).predict(rows)["prediction"].to_numpy()
    rows["day"] = (rows["day"] - pd.Timestamp(0)) / pd.Timedelta("1D")
    said = answered(to, model, given(rows, told), tmp_path)
    np.testing.assert_allclose(said[:, 0], wanted, rtol=1e-5)
