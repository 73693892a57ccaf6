"""The estimators are the training of `train.py`: one fit, and all that is promised of it."""

import os
import pickle
import random

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.sklearn import DataWarning, KregClassifier, KregRegressor
from kreg.surgery import load_model
from kreg.training import app

QUICK = ("trainer.epochs=3", "trainer.jit_compile=false", "diagnostics.probe_training=false")


def table(rows=80):
    draw = np.random.default_rng(0)
    size, color = draw.normal(10, 3, rows), draw.choice(["red", "green", "blue"], rows)
    frame = pd.DataFrame({"size": size, "color": color, "day": pd.to_datetime("2024-01-01")})
    frame["day"] += pd.to_timedelta(draw.integers(0, 100_000, rows), "s")
    frame.loc[::9, "size"] = np.nan
    y = np.where(frame["color"] == "red", "stop", np.where(size > 10, "go", "wait"))
    return frame, y


def state_of_the_process():
    numpy = np.random.get_state()
    policy = keras.config.dtype_policy().name
    return random.getstate(), numpy[1].tolist(), numpy[2], policy, os.getcwd()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A classifier of the table; fit leaves no file and changes nothing of the process."""
    here = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    frame, y = table()
    before = frame.copy()
    random.seed(5)
    keras.config.set_dtype_policy("float32")
    try:
        state = state_of_the_process()
        found = KregClassifier(model="shallow", random_state=1, overrides=QUICK).fit(frame, y)
        assert state_of_the_process() == state
        assert os.listdir(".") == []
    finally:
        os.chdir(here)
    pd.testing.assert_frame_equal(frame, before)
    return found


def test_what_is_known_after_fit(fitted):
    frame, y = table()
    assert fitted.classes_.tolist() == ["go", "stop", "wait"]
    assert fitted.feature_names_in_.tolist() == ["size", "color", "day"]
    assert fitted.n_iter_ == 3 == len(fitted.history_["val_clean_loss"])
    assert isinstance(fitted.model_, keras.Model)
    assert fitted.verdict_.state == fitted.result_["verdict"] == fitted.report_().state
    assert fitted.report_().document["scores"]["metrics"] == fitted.result_["metrics"]
    assert set(fitted.selected_features_) <= {"size", "color", "day"}


def test_probabilities_are_those_of_the_network(fitted):
    frame, y = table()
    inputs = fitted.preprocessing_(frame.assign(day=days(frame["day"])))
    logits = keras.ops.convert_to_numpy(fitted.model_(inputs, training=False))
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    found = fitted.predict_proba(frame)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert (fitted.predict(frame) == fitted.classes_[found.argmax(axis=1)]).all()
    assert fitted.score(frame, y) == (fitted.predict(frame) == y).mean()


def days(column):
    return (column - pd.Timestamp(0)) / pd.Timedelta(days=1)


def test_a_row_is_predicted_alike_alone_and_in_company(fitted):
    frame, _ = table()
    whole = fitted.predict_proba(frame)
    alone = np.concatenate([fitted.predict_proba(frame[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, whole[:5], atol=1e-7)
    many = pd.concat([frame] * 30, ignore_index=True)  # more than a batch
    np.testing.assert_allclose(fitted.predict_proba(many)[-80:], whole, atol=1e-7)


def test_it_goes_through_pickle_and_clone(fitted):
    frame, _ = table()
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(frame), fitted.predict_proba(frame))
    assert again.verdict_ == fitted.verdict_ and again.report_().html() == fitted.report_().html()
    assert clone(fitted).get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        clone(fitted).predict(frame)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: f.drop(columns="size"), "should match those that were passed during fit"),
        (lambda f: f[["color", "size", "day"]], "should match those"),
        (lambda f: f.assign(size="large"), "'size' of X holds categories, and held numbers in fit"),
        (lambda f: f.assign(color=1.0), "'color' of X holds numbers, and held categories in fit"),
        (lambda f: f.assign(size=np.inf), "infinity"),
        (lambda f: f[:0], "0 samples"),
    ],
)
def test_other_rows_than_those_of_fit_are_a_sentence(fitted, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        fitted.predict(change(table()[0]))


def test_an_unseen_level_and_a_gap_are_predicted(fitted):
    frame = table()[0][:2].assign(color="mauve", size=np.nan)
    assert np.isfinite(fitted.predict_proba(frame)).all()


def test_the_same_weights_as_train_py_on_the_same_rows(tmp_path):
    """The run that `train.py` leaves of the rows in a file, and what the estimator has of them."""
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(60, 3)), columns=["a", "b", "c"])
    y = 100 * frame["a"] + draw.normal(size=60)
    frame.assign(y=y).to_csv(tmp_path / "own.csv", index=False)
    words = ["data=csv", f"data.path={tmp_path / 'own.csv'}", "data.target=y", "data.test=0"]
    words += ["model=linear", "reg.l1=0.1", "seed=2", "trainer.verbose=quiet"]
    app.run(compose_job([*words, *QUICK]), tmp_path / "theirs")
    settings = {"model": "linear", "l1": 0.1, "random_state": 2, "overrides": QUICK}
    ours = KregRegressor(**settings, log_dir=tmp_path / "logs").fit(frame, y)
    theirs = RunDirectory(tmp_path / "theirs")
    for mine, its in zip(ours.model_.get_weights(), best(theirs.path).get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert ours.result_["metrics"] == theirs.result["metrics"]

    (own,) = (tmp_path / "logs").iterdir()  # `log_dir` has what `train.py` leaves
    assert {p.name for p in own.iterdir()} == {p.name for p in theirs.path.iterdir()}
    result = RunDirectory(own).result
    assert result["status"] == "done" and result["metrics"] == ours.result_["metrics"]
    assert result["units"]["rmse"] == "the target's own"
    error = np.sqrt(np.mean((ours.predict(frame) - y) ** 2))
    clean, val = ours.result_["metrics"]["clean_rmse"], ours.result_["metrics"]["val_clean_rmse"]
    assert min(clean, val) <= error <= max(clean, val)


def best(run):
    return load_model(run / "best.keras")


def test_what_is_odd_about_the_rows_is_a_warning():
    x = np.zeros((20, 2))
    x[:, 0] = np.arange(20)
    quick = (*QUICK[:2], "diagnostics=off")
    with pytest.warns(DataWarning, match="'x1': constant in train"):
        found = KregRegressor(model="linear", overrides=quick).fit(x, np.arange(20.0))
    assert found.verdict_ is None
    with pytest.raises(ValueError, match="nothing was measured"):
        found.report_()
