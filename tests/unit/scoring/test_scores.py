"""The scores of all tasks: scikit-learn's numbers, and intervals that hold as often as they say."""

import numpy as np
import pytest
from sklearn import metrics

from kreg.scoring import score, tasks

NAMES = ["a", "b", "c"]


def classes(rows: int = 200, seed: int = 0):
    """Probabilities of three classes, some right; nobody is told to be of `c`."""
    draw = np.random.default_rng(seed)
    known = draw.choice(3, rows, p=[0.5, 0.4, 0.1])
    values = draw.dirichlet([1, 1, 1], rows) + 0.6 * np.eye(3)[known]
    values[:, 2] *= 0.01
    return values / values.sum(axis=1, keepdims=True), known


def by_name(found: tasks.Scored) -> dict[str, float]:
    return {one.name: one.value for one in found.scores}


def test_classes_are_scikit_learns():
    values, known = classes()
    found, told = tasks.of("classification", values, known, NAMES), values.argmax(axis=1)
    assert by_name(found) == pytest.approx({
        "accuracy": metrics.accuracy_score(known, told),
        "loss": metrics.log_loss(known, values),
        "balanced_accuracy": metrics.balanced_accuracy_score(known, told),
        "f1_macro": metrics.f1_score(known, told, average="macro"),
    })  # fmt: skip
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(known, told))
    theirs = metrics.precision_recall_fscore_support(known, told, zero_division=0)
    for one, precision, recall, f1, rows in zip(found.classes, *theirs, strict=True):
        assert one.rows == rows and one.recall == pytest.approx(recall)
        assert one.f1 == pytest.approx(f1)
        assert (one.precision or 0.0) == pytest.approx(precision)
    assert found.classes[2].precision is None, "nobody is told to be of c"


def test_two_classes_are_scikit_learns_at_any_threshold():
    draw = np.random.default_rng(1)
    known = (draw.random(300) < 0.3).astype(int)
    chance = np.clip(draw.normal(0.35 + 0.3 * known, 0.15), 0.01, 0.99)
    values = np.column_stack([1 - chance, chance])
    for threshold in (0.5, 0.3):
        found, told = tasks.of("binary", values, known, NAMES[:2], threshold), chance >= threshold
        assert by_name(found) == pytest.approx({
            "accuracy": metrics.accuracy_score(known, told),
            "loss": metrics.log_loss(known, chance),
            "precision": metrics.precision_score(known, told),
            "recall": metrics.recall_score(known, told),
            "f1": metrics.f1_score(known, told),
            "roc_auc": metrics.roc_auc_score(known, chance),
        })  # fmt: skip
        assert [one.rows for one in found.classes] == np.bincount(known).tolist()


def test_labels_are_scikit_learns():
    draw = np.random.default_rng(2)
    known = (draw.random((100, 3)) < 0.4).astype(float)
    values = np.clip(0.5 * known + draw.uniform(0, 0.6, known.shape), 0, 1)
    found = tasks.of("multilabel", values, known, NAMES)
    told = values >= 0.5
    assert by_name(found)["exact_match"] == metrics.accuracy_score(known, told)
    theirs = metrics.precision_recall_fscore_support(known, told)
    ours = [[one.precision, one.recall, one.f1, one.rows] for one in found.classes]
    np.testing.assert_allclose(ours, np.transpose(theirs))
    assert found.confusion is None


def test_errors_of_several_targets_are_scikit_learns():
    draw = np.random.default_rng(3)
    known = draw.normal(5, 2, (50, 2))
    values = known + draw.normal(0, 1, known.shape)
    found = by_name(tasks.of("regression", values, known, ["heat", "cold"]))
    for place, name in enumerate(("heat", "cold")):
        pair = known[:, place], values[:, place]
        assert found[f"rmse_{name}"] == pytest.approx(metrics.root_mean_squared_error(*pair))
        assert found[f"mae_{name}"] == pytest.approx(metrics.mean_absolute_error(*pair))
        assert found[f"r2_{name}"] == pytest.approx(metrics.r2_score(*pair))


def test_there_is_no_r2_of_one_number():
    found = tasks.of("regression", np.zeros((4, 1)), np.ones((4, 1)), [])
    assert [one.name for one in found.scores] == ["rmse", "mae"]


def test_a_class_that_no_training_row_had_is_wrong_and_in_no_table():
    values, known = classes(40)
    known[:4] = tasks.UNKNOWN
    found = tasks.of("classification", values, known, NAMES)
    right = (values.argmax(axis=1) == known).sum()
    assert by_name(found)["accuracy"] == right / 40 and found.rows == 40
    assert found.confusion.sum() == 36
    known[:] = tasks.UNKNOWN
    alone = tasks.of("classification", values, known, NAMES)
    assert by_name(alone) == {"accuracy": 0.0} and alone.classes == []


@pytest.mark.parametrize("name", ["r2", "balanced_accuracy", "f1_macro"])
def test_an_interval_holds_the_true_value_as_often_as_it_says(name):
    """The true value is that of 200,000 rows; 200 samples of 150 rows: 95 % +- 1.5."""
    if name == "r2":
        draw = np.random.default_rng(4)
        truth = draw.exponential(1.0, (200_000, 1))
        told = truth + draw.normal(0, 0.5, truth.shape)
        task, values, known, names = "regression", told, truth, []
    else:
        values, known = classes(200_000, seed=4)
        task, names = "classification", NAMES
    if name == "f1_macro":  # a class that nobody is told to be of has F1 0, whatever the sample
        values, known = values[known < 2][:, :2], known[known < 2]
        values, names = values / values.sum(axis=1, keepdims=True), NAMES[:2]
    true = by_name(tasks.of(task, values, known, names))[name]
    held = 0
    for sample in range(200):
        rows = np.random.default_rng([5, sample]).choice(len(known), 150)
        found = tasks.of(task, values[rows], known[rows], names)
        (one,) = (one for one in found.scores if one.name == name)
        held += one.low <= true <= one.high
    assert 0.90 <= held / 200 <= 0.99


def test_one_row_has_no_interval_and_says_so_by_nan():
    found = score.mean("mae", [1.0])
    assert found.value == 1.0 and np.isnan(found.low) and np.isnan(found.high)


def test_no_interval_holds_what_its_number_cannot_be():
    """One bad row among many good ones: a normal interval alone would begin below 0."""
    ids, values = np.array([0] * 30), np.array([[0.999, 0.001]] * 29 + [[0.02, 0.98]])
    of_classes = tasks.of("classification", values, ids, ["a", "b"]).scores
    labels = tasks.of(
        "multilabel", np.array([[0.9]] * 29 + [[0.1]]), np.ones((30, 1)), ["a"]
    ).scores
    errors = tasks.of(
        "regression", np.array([[0.0]] * 29 + [[5.0]]), np.zeros((30, 1)), ["y"]
    ).scores
    found = {one.name: one for one in [*of_classes, *labels, *errors]}
    assert found["loss"].low == found["mae"].low == 0.0 and found["accuracy"].high == 1.0
