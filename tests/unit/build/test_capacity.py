"""The degrees of freedom in the layer table: scikit-learn's, on the rows that were trained on."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import kreg
from kreg import models
from kreg.build import capacity
from kreg.config import reg
from kreg.pages import Report

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
    columns = capacity.columns(plan(), reg.L2(l2=0.1))
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
    columns = capacity.columns(plan(), reg.NoPenalty())
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
        ({"task": "binary"}, reg.L2()),
        ({"weight": np.ones(len(X))}, reg.L2()),
        ({"pipeline": object()}, reg.L2()),
        ({}, reg.L2(l2={"kind": "linear"})),
        ({}, reg.Group()),
    ],
)
def test_where_the_formula_does_not_hold_there_is_no_column(changes, penalty):
    assert capacity.columns(plan(**changes), penalty) is None
