"""The lasso path of anybody's table, beside scikit-learn on the same rows."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import Lasso, LassoCV, LogisticRegression

from kreg.data.dataset import Raw
from kreg.launch.compose import compose_job
from kreg.procedures.lasso_path import experiment, solvers
from kreg.procedures.lasso_path.cross_validation import CrossValidated, follow
from kreg.procedures.lasso_path.rows import read


def standard(x):
    return (x - x.mean(0)) / x.std(0)


# --- solvers --------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.02])
def test_classes_have_scikit_learns_coefficients(fraction):
    data = load_breast_cancer()
    x, y = standard(data.data), data.target.astype(float)
    path = solve(x, y[:, None], fraction)
    theirs = LogisticRegression(
        C=1 / (len(x) * path.strengths[-1]), l1_ratio=1, solver="saga", tol=1e-7, max_iter=50_000
    ).fit(x, data.target)
    np.testing.assert_allclose(path.kernel[-1, :, 0], theirs.coef_[0], atol=2e-3)
    np.testing.assert_allclose(path.bias[-1], theirs.intercept_, atol=2e-3)
    assert ((path.kernel[-1, :, 0] != 0) == (theirs.coef_[0] != 0)).all() and not path.unsolved


def test_three_classes_too():
    data = load_wine()
    x = standard(data.data)
    path = solve(x, np.eye(3)[data.target], 0.1)
    theirs = LogisticRegression(
        C=1 / (len(x) * path.strengths[-1]), l1_ratio=1, solver="saga", tol=1e-7, max_iter=50_000
    ).fit(x, data.target)
    np.testing.assert_allclose(path.kernel[-1], theirs.coef_.T, atol=3e-3)


def solve(x, y, fraction):
    weight = np.ones(len(x))
    first = solvers.strongest(x, y, weight, squared=False)
    return solvers.log_losses(x, y, first * fraction ** np.linspace(0, 1, 8), weight)


@pytest.mark.parametrize("squared", [True, False])
def test_a_weight_of_two_is_the_row_twice(squared):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 6))
    y = (x[:, :1] + generator.normal(size=(40, 1)) > 0).astype(float)
    count = generator.integers(1, 3, size=40)
    call = solvers.squared_errors if squared else solvers.log_losses
    twice, strengths = np.repeat(np.arange(40), count), np.array([0.1, 0.05, 0.02])
    weighted = call(x, y, strengths, count / count.mean())
    repeated = call(x[twice], y[twice], strengths, np.ones(len(twice)))
    np.testing.assert_allclose(weighted.kernel, repeated.kernel, atol=1e-3)


def test_at_the_first_strength_nothing_is_left_and_next_to_it_something():
    x = np.random.default_rng(1).normal(size=(30, 200))
    y = (x[:, :1] > 0).astype(float)
    path = solve(x, y, 0.5)
    assert not path.used[0].any() and path.used[1:].any(axis=1).all()


# --- cross-validation -----------------------------------------------------------------------


def test_one_standard_error_takes_the_strongest_strength_that_is_near_enough():
    errors = np.array([5.0, 3.1, 2.9, 2.5, 2.6])
    found = CrossValidated(errors, np.full(5, 0.5), None, np.zeros((2, 5, 1), bool), None, 0)
    assert (found.place("min"), found.place("1se")) == (3, 2)


def diabetes(tmp_path):
    frame = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "sugar"})
    frame.to_csv(tmp_path / "diabetes.csv", index=False)
    return frame, [
        "experiment=lasso_path", "data=csv", f"data.path={tmp_path}/diabetes.csv",
        "data.target=sugar",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    frame, words = diabetes(folder)
    config = compose_job(words)
    return (
        frame,
        config,
        experiment.run(folder / "out", config=config, **config.arguments),
        folder / "out",
    )


def test_the_strength_is_that_of_lasso_cv_on_the_same_folds(regression):
    """One scaling for all folds moves the mean errors a little: the strength may be a neighbour."""
    frame, config, found, _ = regression
    rows = read(config.data, config.seed, 5)
    part = rows.encoded().train
    place = {row: i for i, row in enumerate(rows.pool)}
    folds = [[[place[r] for r in side] for side in fold] for fold in rows.folds]
    alphas = [point["scikit_learn"]["alpha"] for point in found["path"]]
    theirs = LassoCV(alphas=alphas, cv=folds).fit(part.x, part.y[:, 0])
    near = np.argmin(np.abs(np.array(alphas) - theirs.alpha_))
    assert abs(alphas.index(found["strengths"]["min"]["scikit_learn"]["alpha"]) - near) <= 2
    errors = np.sqrt(theirs.mse_path_.mean(axis=1))
    np.testing.assert_allclose([p["cv_error"] for p in found["path"]], errors, rtol=0.01)


def test_weights_have_the_units_of_the_users_own_columns(regression):
    """Rows as they stand in the file, times weights, are the predictions whose error is told."""
    frame, config, found, _ = regression
    test = frame.iloc[read(config.data, config.seed, 5).test]
    weights = {row["name"]: row["weight"] for row in found["selected"]}
    told = found["intercept"] + sum(test[name] * weight for name, weight in weights.items())
    rmse = np.sqrt(((told - test["sugar"]) ** 2).mean())
    assert found["metrics"]["test_rmse"] == pytest.approx(rmse, rel=1e-5)
    pool = frame.drop(test.index)
    names = frame.columns.drop("sugar")
    x = pool[names].to_numpy()
    alpha = found["chosen"]["scikit_learn"]["alpha"]
    theirs = Lasso(alpha=alpha, tol=1e-9).fit(standard(x), pool["sugar"])
    own = dict(zip(names, theirs.coef_ / x.std(axis=0), strict=True))
    for name, weight in weights.items():
        assert weight == pytest.approx(own[name], rel=2e-2)
    assert {name for name, weight in own.items() if weight} == set(weights)


def test_order_stability_and_standard_errors(regression):
    found = regression[2]
    assert sorted(row["order"] for row in found["selected"])[:3] == [1, 2, 3]
    first = min(found["selected"], key=lambda row: row["order"])
    assert first["name"] in ("s5", "bmi") and first["folds"] == 5
    assert all(0 <= row["folds"] <= 5 for row in found["selected"])
    sizes = [abs(row["per_deviation"]) for row in found["selected"]]
    assert sizes == sorted(sizes, reverse=True)
    assert 2 < found["standard_errors"]["test_rmse"] < 10
    assert found["strengths"]["1se"]["l1"] >= found["strengths"]["min"]["l1"]
    assert found["objective"] == found["metrics"]["cv_rmse"] == found["chosen"]["cv_error"]


def test_page_markdown_and_table(regression):
    found, folder = regression[2:]
    page, text = (folder / "lasso_path.html").read_text(), (folder / "lasso_path.md").read_text()
    for row in found["selected"]:
        assert row["name"] in page and f"| {row['name']} |" in text
    assert page.count("<svg") == 2 and "the change of sugar for one unit" in page
    rows = list(csv.DictReader((folder / "path.csv").read_text().splitlines()))
    assert len(rows) == len(found["path"]) == 100
    at = [point["l1"] for point in found["path"]].index(found["chosen"]["l1"])
    for row in found["selected"]:
        assert float(rows[at][row["name"]]) == pytest.approx(row["weight"])
    assert json.loads(json.dumps(found)) == found


def test_classes_levels_and_groups(tmp_path, capsys):
    """A person's rows stay in one fold, text columns have a weight a level, and 1se is smaller."""
    generator = np.random.default_rng(0)
    color, size = generator.choice(["red", "green", "blue"], 240), generator.normal(size=240)
    kind = np.where((color == "red") | (size + generator.normal(size=240) > 1), "yes", "no")
    noise = {f"n{i}": generator.normal(size=240) for i in range(10)}
    frame = pd.DataFrame({"color": color, "size": size, "person": np.arange(240) // 4, **noise,
                          "kind": kind})  # fmt: skip
    frame.to_csv(tmp_path / "t.csv", index=False)
    words = ["experiment=lasso_path", "data=csv", f"data.path={tmp_path}/t.csv", "data.target=kind",
             "data.group=person", "arguments.choose=1se", "arguments.count=40"]  # fmt: skip
    config = compose_job(words)
    found = experiment.run(tmp_path / "out", config=config, **config.arguments)
    assert found["classes"] == ["no", "yes"] and found["metrics"]["test_accuracy"] > 0.75
    weights = {row["name"]: row["weight"] for row in found["selected"]}
    assert weights["color=red"] > 1 and weights["size"] > 0.3
    assert found["chosen"] == found["strengths"]["1se"]
    rows = read(config.data, config.seed, 5)
    for train, held in rows.folds:
        assert not set(frame.person[train]) & set(frame.person[held])
    assert sorted(np.concatenate([held for _, held in rows.folds])) == rows.pool.tolist()
    assert not set(rows.test) & set(rows.pool)
    said = capsys.readouterr().out
    assert "log odds of `yes`" in said.replace("\n", " ") and "color=red" in said


def test_more_columns_than_rows(tmp_path):
    """4,088 genes had 3,974 'selected'; nobody reads a list of those that were dropped."""
    generator = np.random.default_rng(3)
    x = generator.normal(size=(60, 500))
    y = 3 * x[:, 7] - 2 * x[:, 11] + 0.3 * generator.normal(size=60)
    names = [f"gene{i}" for i in range(500)]
    np.savez(tmp_path / "g.npz", x=x, y=y * 1000, feature_names=names)
    config = compose_job(["experiment=lasso_path", "data=npz", f"data.path={tmp_path}/g.npz"])
    found = experiment.run(tmp_path / "out", config=config, **config.arguments)
    top = found["selected"][:2]
    assert [row["name"] for row in top] == ["gene7", "gene11"]
    assert [row["folds"] for row in top] == [5, 5] and [row["order"] for row in top] == [1, 2]
    assert len(found["selected"]) < 60 and found["metrics"]["test_rmse"] < 1500
    assert top[0]["weight"] == pytest.approx(3000, rel=0.15)
    assert (tmp_path / "out" / "lasso_path.html").stat().st_size < 400_000


def test_test_rows_of_their_own_and_none_at_all(tmp_path):
    generator = np.random.default_rng(5)
    x = generator.normal(size=(90, 4))
    y = x[:, 0] + 0.1 * generator.normal(size=90)
    np.savez(tmp_path / "a.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    words = ["experiment=lasso_path", "data=npz", f"data.path={tmp_path}/a.npz"]
    found = experiment.run(tmp_path / "own", config=compose_job(words))
    assert found["rows"] == {"cross_validated": 60, "test": 30}
    assert found["metrics"]["test_rmse"] < 0.2
    np.savez(tmp_path / "a.npz", x=x, y=y)
    found = experiment.run(tmp_path / "none", config=compose_job([*words, "data.test=0"]))
    assert found["rows"] == {"cross_validated": 90, "test": 0}
    assert set(found["metrics"]) == {"cv_rmse"}


@pytest.mark.parametrize(
    "raw, sentence",
    [
        (Raw("t", np.zeros((30, 4, 4, 1)), np.arange(30) % 2, "binary", is_image=True), "a table"),
        (Raw("t", np.ones((30, 2)), np.ones((30, 2)), "regression"), "one target"),
    ],
)
def test_what_has_no_path_is_refused(monkeypatch, raw, sentence):
    config = compose_job(["experiment=lasso_path"])
    monkeypatch.setattr("kreg.factories.components.create", lambda cfg, **more: raw)
    with pytest.raises(ValueError, match=sentence):
        read(config.data, 0, 5)


def test_the_past_of_the_pool_is_scaled_alike():
    config = compose_job(["experiment=lasso_path"])
    rows = read(config.data, 0, 5)
    whole = rows.encoded()
    np.testing.assert_allclose(whole.train.x.mean(0), 0, atol=1e-6)
    for fold in rows.in_folds():
        np.testing.assert_allclose(fold.train.x.std(0), 1, atol=1e-5)
    path = follow(whole.train, np.array([0.1]), True, float(whole.train.y.std()))
    assert path.kernel.shape == (1, 10, 1)


def test_the_folds_of_time_are_trained_by_the_past(tmp_path):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"day": np.arange(120) // 2, "a": generator.normal(size=120)})
    frame["y"] = frame["a"] + 0.1 * generator.normal(size=120)
    frame.to_csv(tmp_path / "t.csv", index=False)
    words = ["experiment=lasso_path", "data=csv", f"data.path={tmp_path}/t.csv", "data.target=y"]
    rows = read(compose_job([*words, "data.time=day"]).data, 0, 4)
    assert frame.day[rows.test].min() > frame.day[rows.pool].max()
    for train, held in rows.folds:
        assert frame.day[train].max() < frame.day[held].min()
