"""What repeats in dates is a feature: of rows in memory and on the disk, now and in a later run."""

import json

import numpy as np
import pandas as pd
import pytest

from kreg.data import Splitting, assemble, dates, own_cells, preprocessing
from kreg.data.cells import ISO
from kreg.data.preprocessing import Columns
from kreg.data.table import from_frame

YEARS = pd.date_range("2020-01-01", "2022-12-31", freq="D")


def fitted_on(days, **options) -> Columns:
    """Fitted on a column of dates, as days since 1970."""
    return Columns.fit(pd.DataFrame({"sold": since(days)}), notations={"sold": ISO}, **options)


def since(days) -> pd.Series:
    return pd.Series((pd.to_datetime(days) - pd.Timestamp(0)) / pd.Timedelta("1D"))


def features(days, fitted: Columns) -> pd.DataFrame:
    rows = fitted(pd.DataFrame({"sold": since(days)}))
    return pd.DataFrame(rows, columns=fitted.names)


def test_weekdays_are_those_of_the_calendar():
    found = features(YEARS, fitted_on(YEARS))
    named = found[[f"sold={day}" for day in dates.WEEK]].set_axis(list(dates.WEEK), axis=1)
    assert named.idxmax(axis=1).tolist() == YEARS.day_name().tolist()
    assert (named.sum(axis=1) == 1).all()


def test_days_before_1970_have_weekdays_and_hours_too():
    early = pd.DatetimeIndex(["1969-12-31 18:00", "1950-06-15 06:00"])
    found = features(early, fitted_on(early))
    assert early.day_name().tolist() == ["Wednesday", "Thursday"]
    assert found[["sold=Wednesday", "sold=Thursday"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    np.testing.assert_allclose(found["sold hour sin"], [-1.0, 1.0], atol=1e-6)


def test_the_season_closes_at_the_new_year():
    fitted = fitted_on(YEARS)
    days = ["2021-12-31", "2022-01-01", "2021-07-02", "2024-01-01", "2090-01-01"]
    found = features(days, fitted)[["sold month sin", "sold month cos"]].to_numpy()
    apart = np.linalg.norm(found - found[1], axis=1)
    assert apart[0] < 0.05 and apart[2] > 1.99  # the middle of the year is across the circle
    assert (apart[3:] < 0.05).all()  # leap years move it by a day or two
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("days", "circles", "weekdays"),
    [
        (YEARS[:300], [], 7),  # less than a year
        (YEARS[::7], ["month"], 0),  # Wednesdays alone
        (YEARS[:5], [], 5),
        (pd.date_range("2024-01-01 08:00", periods=50, freq="D"), [], 7),  # always at eight
        (pd.date_range("2024-01-01", periods=50, freq="5h"), ["hour"], 7),
        (YEARS[:1], [], 0),
        (pd.DatetimeIndex([pd.NaT, pd.NaT]), [], 0),
    ],
)
def test_what_training_rows_cannot_teach_is_left_out(days, circles, weekdays):
    (column,) = fitted_on(days).numeric
    assert column["circles"] == circles and len(column["weekdays"]) == weekdays


def test_a_missing_date_and_an_unseen_weekday_are_zeros():
    workdays = pd.bdate_range("2020-01-01", "2022-12-31")
    fitted = fitted_on(workdays)
    assert "sold=Sunday" not in fitted.names
    found = features([pd.NaT, "2024-03-03"], fitted)
    assert (found.iloc[0, 1:] == 0).all()
    assert (found.filter(like="=").iloc[1] == 0).all() and found["sold month sin"][1] != 0


def test_days_alone_are_what_an_earlier_run_has():
    fitted = fitted_on(YEARS, date_parts=False)
    assert fitted.names == ["sold"] and "weekdays" not in fitted.numeric[0]
    earlier = preprocessing.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert features(YEARS[:3], earlier).shape == (3, 1)


def test_a_later_process_makes_the_same_features():
    fitted = fitted_on(YEARS)
    again = preprocessing.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    pd.testing.assert_frame_equal(features(YEARS, again), features(YEARS, fitted))
    words = pd.DataFrame({"sold": YEARS.strftime("%Y-%m-%d")})  # as a file has them
    assert np.array_equal(again(words), features(YEARS, fitted).to_numpy())


def test_all_features_of_a_date_belong_to_its_column_and_it_is_shown_as_a_day():
    frame = pd.DataFrame({"sold": since(YEARS), "size": np.arange(len(YEARS)) * 1.5})
    frame.loc[3, "sold"] = np.nan
    fitted = Columns.fit(frame, notations={"sold": ISO})
    row = fitted(frame)[5]
    groups = own_cells.groups(fitted, fitted.names, len(row))
    assert len(groups["sold"]) == 2 + 2 + 7 and len(groups["size"]) == 1
    assert own_cells.cells(fitted, fitted.names, row)["sold"] == "2020-01-06"
    assert own_cells.cells(fitted, fitted.names, fitted(frame)[3])["sold"] is None


def test_a_weekend_is_learned_from_a_table():
    """A linear model on the features sees what none sees in days since 1970."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, 600), "D")
    frame = pd.DataFrame({"day": day.strftime("%d.%m.%Y"), "y": day.day_of_week >= 5})
    score = {}
    for how in ("parts", "days"):
        data = assemble(from_frame(frame.copy(), "y", name="shop", dates=how, untyped=True))
        x = np.c_[data.train.x, np.ones(len(data.train))]
        weights = np.linalg.lstsq(x, data.train.y - 0.5, rcond=None)[0]
        guess = np.c_[data.test.x, np.ones(len(data.test))] @ weights > 0
        score[how] = float((guess == data.test.y).mean())
    assert score["parts"] == 1.0 and score["days"] < 0.9


def test_a_table_on_the_disk_has_the_same_columns(tmp_path, monkeypatch):
    from kreg.data.sources.csv_parquet import parquet

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(1)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 400), "h")
    frame = pd.DataFrame({"day": day, "a": rng.normal(size=400), "y": rng.normal(size=400)})
    frame.loc[::9, "day"] = pd.NaT
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    for how in ("parts", "days"):
        memory, disk = (
            parquet(str(tmp_path / "t.parquet"), "y", cache=cache, dates=how)
            for cache in ("memory", "disk")
        )
        data = assemble(disk, Splitting(seed=3))
        wanted = memory.preprocess(memory.x.iloc[data.train.x.index])
        assert data.preprocessing.names == wanted.names
        assert (
            ("day=Monday" in wanted.names) == ("day hour cos" in wanted.names) == (how == "parts")
        )
        rows = memory.x.iloc[data.test.x.index]
        np.testing.assert_allclose(data.test.x[:], wanted(rows), rtol=1e-6, atol=1e-6)
