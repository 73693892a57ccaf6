"""The section of the report: curves, hardest rows and the importance of columns."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

from kreg.diagnostics.evaluation_schema import Roc, Target
from kreg.foreign.schema import conform
from kreg.scoring import evaluation, importance, tasks


def two(rows: int = 500):
    draw = np.random.default_rng(0)
    known = (draw.random(rows) < 0.4).astype(int)
    chance = np.clip(draw.normal(0.3 + 0.4 * known, 0.2), 0.001, 0.999).round(2)
    return np.column_stack([1 - chance, chance]), known


def test_the_roc_curve_is_scikit_learns():
    values, known = two()
    found = evaluation.roc(values[:, 1], known, 0.37)
    conform(found, Roc, "roc")
    alarms, hits, _ = metrics.roc_curve(known, values[:, 1], drop_intermediate=False)
    np.testing.assert_allclose(found["false_positive_rate"], alarms, atol=1e-6)
    np.testing.assert_allclose(found["true_positive_rate"], hits, atol=1e-6)
    told = values[:, 1] >= 0.37
    assert found["at"][1] == pytest.approx(metrics.recall_score(known, told), abs=1e-6)


def test_a_long_roc_curve_is_thinned_and_keeps_its_ends():
    draw = np.random.default_rng(1)
    known = (draw.random(20_000) < 0.5).astype(int)
    found = evaluation.roc(draw.random(20_000), known, 0.5)
    assert len(found["true_positive_rate"]) <= evaluation.POINTS
    assert (found["true_positive_rate"][0], found["true_positive_rate"][-1]) == (0.0, 1.0)


def test_many_classes_have_pairs_in_place_of_a_matrix():
    known = np.arange(40).repeat(5)
    told = np.where(np.arange(200) % 5 == 0, (known + 1) % 40, known)
    told[known == 7] = 9
    names = [f"k{i}" for i in range(40)]
    found = evaluation.of("classification", 0.9 * np.eye(40)[told] + 0.0025, known, names, 0.5)
    assert found["confusion"] is None and len(found["classes"]) == 40
    assert found["pairs"][0] == {"truth": "k7", "told": "k9", "rows": 5}


def test_residuals_are_in_the_units_of_the_target():
    draw = np.random.default_rng(2)
    known = draw.normal(200_000, 50_000, (80, 1))
    found = evaluation.drawn("", (known + 1_000)[:, 0], known[:, 0])
    conform(found, Target, "target")
    assert found["bias"]["value"] == pytest.approx(1_000)
    assert found["error_quantiles"]["half"] == pytest.approx(1_000)


def test_numbers_that_are_not_finite_are_none():
    found = evaluation.of("regression", np.array([[1.0]]), np.array([[2.0]]), [], 0.5)
    assert found["scores"][0]["value"] == 1.0 and found["scores"][0]["low"] is None


@pytest.mark.parametrize(
    ("task", "values", "known", "worst"),
    [
        ("binary", [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 0, 1], [1, 2, 0]),
        ("multilabel", [[0.9, 0.1], [0.2, 0.2]], [[1.0, 0.0], [1.0, 1.0]], [1, 0]),
        ("regression", [[10.0], [20.0], [0.0]], [[11.0], [17.0], [0.0]], [1, 0, 2]),
    ],
)
def test_the_hardest_rows_come_first(task, values, known, worst):
    rows, losses = evaluation.hardest(task, np.array(values), np.array(known), np.array([7.0]))
    assert rows.tolist() == worst and (np.diff(losses) <= 0).all()
    if task == "regression":
        assert losses[0] == pytest.approx(3.0), "in the target's own units"


def test_importance_agrees_with_scikit_learn():
    draw = np.random.default_rng(3)
    x = draw.normal(size=(400, 4))
    y = 3 * x[:, 0] - x[:, 1] + draw.normal(0, 0.5, 400)
    model = LinearRegression().fit(x, y)
    names, measure = importance.measures("regression", y[:, None], 0.5)
    groups = [np.array([place]) for place in range(4)]
    predict = lambda rows: model.predict(rows)[:, None]  # noqa: E731
    change, spread = importance.measured(predict, x, groups, measure)
    theirs = permutation_importance(model, x, y, scoring="r2", n_repeats=30, random_state=0)
    assert names == ["unexplained", "rmse"]
    np.testing.assert_allclose(change[:, 0], theirs.importances_mean, atol=0.08)
    assert (spread >= 0).all() and abs(change[2:, 0]).max() < 0.01
    again, _ = importance.measured(predict, x, groups, measure)
    np.testing.assert_array_equal(change, again)


def test_the_places_of_a_column_of_words_are_dealt_together():
    draw = np.random.default_rng(4)
    word = draw.integers(0, 3, 300)
    x = np.column_stack([np.eye(3)[word], draw.normal(size=300)])
    known = (word == 1).astype(int)
    model = LogisticRegression().fit(x, known)
    _, measure = importance.measures("binary", known, 0.5)
    seen = []

    def predict(rows):
        seen.append(rows)
        return model.predict_proba(rows)

    change, _ = importance.measured(predict, x, [np.arange(3), np.array([3])], measure)
    assert change[0, 0] > 0.5 and change[0, 1] > 0.2 and abs(change[1, 0]) < 0.05
    assert all((rows[:, :3].sum(axis=1) == 1).all() for rows in seen), "one level a row"


def test_the_cost_is_bounded_whatever_the_table_is():
    for passes, rows, columns in ((100_000, 10**6, 30), (20_000, 300, 10_000), (0, 300, 5)):
        some, asked = importance.affordable(passes, rows, columns)
        most = max(passes, importance.FEWEST_ROWS * importance.REPEATS)
        assert 0 < some * asked * importance.REPEATS <= most


def test_scores_and_section_are_one_set():
    values, known = two()
    found = evaluation.of("binary", values, known, ["no", "yes"], 0.4)
    theirs = tasks.of("binary", values, known, ["no", "yes"], 0.4)
    assert [one["name"] for one in found["scores"]] == [one.name for one in theirs.scores]
    for ours, one in zip(found["scores"], theirs.scores, strict=True):
        assert ours["value"] == pytest.approx(one.value, rel=1e-5)
    assert found["scores"][2]["unit"] == "share of the rows told to be yes"
