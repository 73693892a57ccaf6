"""What the callbacks of a training are told: degrees of freedom, rates that move, when to ask."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import kreg
from kreg import layers, models
from kreg.pages import Report
from kreg.regularizers.options import GroupLassoOptions, L2Options, NoPenaltyOptions
from kreg.schedules import Linear
from kreg.training import callbacks

X, Y = load_diabetes(return_X_y=True, scaled=False)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype("float32")
Y = ((Y - Y.mean()) / Y.std()).astype("float32")


def plan(**changes):
    train = SimpleNamespace(x=X, y=Y, weight=changes.pop("weight", None))
    data = SimpleNamespace(train=train, task=changes.pop("task", "regression"))
    return SimpleNamespace(data=data, pipeline=changes.pop("pipeline", None))


def hat_trace(alpha):
    ridge = Ridge(alpha=alpha, solver="svd")
    return sum(ridge.fit(X, e).predict(X)[i] for i, e in enumerate(np.eye(len(X))))


def test_the_report_shows_the_trace_of_ridges_hat_matrix():
    model = kreg.regularize(models.linear((10,), 1, "regression"), kreg.L2(0.1))
    model.compile("adam", "mse")
    columns = callbacks.layer_columns(plan(), L2Options(l2=0.1))
    # a few rows are measured for the curves; the degrees of freedom are of all rows
    watch = kreg.Diagnostics((X, Y), (X[:50], Y[:50]), rows=50, columns=columns, verbose=0)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[watch])
    (row,) = watch.document["layers"]
    assert row["freedom"] == pytest.approx(hat_trace(len(X) * 0.1), rel=1e-5)
    assert 7 < row["freedom"] < 10.9, "less than the parameters, more than nothing"
    report = Report(watch.document)
    for text in (report.html(), report.markdown(), str(report)):
        assert f"{row['freedom']:.3g}" in text
        assert "degrees" in text


def test_what_is_not_linear_has_none():
    columns = callbacks.layer_columns(plan(), NoPenaltyOptions())
    assert columns(models.linear((10,), 1, "regression")) == {"head": {"freedom": 11.0}}
    assert columns(models.shallow((10,), 1, "regression", width=3)) == {}
    assert columns(models.linear((10,), 1, "regression", dropout=0.2)) == {}
    halved = keras.Sequential(
        [keras.Input((10,)), keras.layers.Rescaling(0.5), keras.layers.Dense(1)]
    )
    assert columns(halved) == {}


@pytest.mark.parametrize(
    ("changes", "penalty"),
    [
        ({"task": "binary"}, L2Options()),
        ({"weight": np.ones(len(X))}, L2Options()),
        ({"pipeline": object()}, L2Options()),
        ({}, L2Options(l2={"kind": "linear"})),
        ({}, GroupLassoOptions()),
    ],
)
def test_where_the_formula_does_not_hold_there_is_no_column(changes, penalty):
    assert callbacks.layer_columns(plan(**changes), penalty) is None


def test_moving_rates_are_logged_and_only_they():
    ramp = layers.Dropout(Linear(0.0, 0.4, duration=4), name="ramp")
    model = keras.Sequential([keras.Input((2,)), ramp, layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((8, 2))
    history = model.fit(
        x, x[:, 0], batch_size=4, epochs=2, verbose=0, callbacks=[callbacks.rate_log(model)]
    )
    np.testing.assert_allclose(history.history["rate/ramp"], [0.2, 0.4])
    assert [key for key in history.history if key.startswith("rate/")] == ["rate/ramp"]
    assert callbacks.rate_log(keras.Sequential([keras.Input((2,)), layers.Dropout(0.5)])) is None
