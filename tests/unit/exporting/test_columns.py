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


@pytest.mark.parametrize(("dtype", "most"), [("float64", 1e-5), ("float32", 2e-2)])
def test_dates_are_the_same_in_the_graph(dtype, most, tmp_path):
    frame = sales(200, 0)[["day", "size"]]
    frame["day"] = (frame["day"] - pd.Timestamp(0)) / pd.Timedelta("1D")
    fitted = Columns.fit(frame, notations={"day": ISO})
    assert len(fitted.names) == 2 + 1 + 4 + 7
    x = keras.Input((2,), dtype=dtype)
    parts = columns.numeric(x, fitted.numeric, dtype)
    model = keras.Model(x, keras.layers.Concatenate(dtype="float32")(parts))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    said = again(frame.to_numpy().astype(dtype))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(said), fitted(frame), atol=most)


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
    near = 1e-5 if told["inputs"][0]["dtype"] == "float64" else 1e-2
    np.testing.assert_allclose(said[:, 0], wanted, rtol=near)
